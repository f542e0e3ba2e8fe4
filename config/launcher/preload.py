"""A Python that has the whole product loaded and becomes any of its programs at once.

Every program of the stack would spend the same seconds of work on the same imports. This process does it
once, without threads or connections, and forks for each program the launcher asks for.

    python -m config.launcher.preload SOCKET

SOCKET is a descriptor. Its first message from here is `{}`: loaded. A request is JSON, `argv` (as for
Python: `-m module …` or `file …`), `environ`, `cwd`, `death_signal` and `descriptors` (the numbers under
which the descriptors that come with it are wanted; the first is the output). The answer is `{"pid": …}`.
The new process is a child of the launcher, which must be a child subreaper (prctl(2)).
"""

from __future__ import annotations

import array
import ctypes
import gc
import json
import os
import runpy
import signal
import socket
import sys
import threading
import time
from typing import Any

from setproctitle import setproctitle

PR_SET_PDEATHSIG = 1
_MOST_DESCRIPTORS = 8
_LONGEST_REQUEST = 256 * 1024


def main(descriptor: int) -> None:
    launcher = os.getppid()
    _load()
    requests = socket.socket(fileno=descriptor)
    requests.sendall(b"{}")
    request = _serve(requests, launcher)
    if request is not None:
        _become(request)


def _load() -> None:
    # It writes where the command line and the environment are, and finds them only while both are untouched.
    setproctitle(" ".join(sys.orig_argv))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    import celery.apps.beat
    import celery.bin.celery
    import django_celery_beat.schedulers
    import uvicorn.protocols.websockets.websockets_sansio_impl
    import uvloop
    from django.contrib import admin
    from django.urls import get_resolver

    from config.celery import app

    admin.autodiscover()
    app.loader.import_default_modules()
    app.finalize()
    get_resolver()._populate()
    used = (celery.apps.beat, celery.bin.celery, django_celery_beat.schedulers, uvicorn.protocols, uvloop)
    assert all(used)
    if threading.active_count() > 1:
        names = ", ".join(thread.name for thread in threading.enumerate())
        raise SystemExit(f"Loading the product must start no thread, and these run: {names}")
    # What is loaded now lives for ever; looking through it again would unshare its memory.
    gc.collect()
    gc.freeze()


def _serve(requests: socket.socket, launcher: int) -> dict[str, Any] | None:
    """Fork for each request. Returns None at the end, and in a new process the request it is for."""
    while True:
        message, ancillary, _flags, _address = requests.recvmsg(
            _LONGEST_REQUEST, socket.CMSG_SPACE(_MOST_DESCRIPTORS * 4)
        )
        if not message:
            return None
        descriptors = array.array("i")
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
        request = json.loads(message)
        pid = _fork(launcher)
        if pid == 0:
            requests.close()
            _take(descriptors, request["descriptors"])
            return dict(request)
        for each in descriptors:
            os.close(each)
        requests.sendall(json.dumps({"pid": pid}).encode())


def _fork(launcher: int) -> int:
    """Fork a process whose parent is the launcher; 0 in that process, its id here."""
    answer, tell = os.pipe()
    middle = os.fork()
    if middle:
        os.close(tell)
        pid = int(os.read(answer, 32))
        os.close(answer)
        os.waitpid(middle, 0)
        return pid
    os.close(answer)
    pid = os.fork()
    if pid:
        os.write(tell, str(pid).encode())
        os._exit(0)
    os.close(tell)
    os.setsid()
    deadline = time.monotonic() + 5
    while os.getppid() != launcher:
        if time.monotonic() > deadline:
            os._exit(1)
        time.sleep(0.001)
    return 0


def _take(received: array.array[int], wanted: list[int]) -> None:
    """Put the received descriptors where they are wanted; the first is also standard output and error."""
    # Out of the way first: one may have been received under another's number.
    high = [os.dup2(each, 200 + number) for number, each in enumerate(received)]
    for each in received:
        os.close(each)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for number, each in zip(wanted, high, strict=True):
        os.dup2(each, number, inheritable=True)
        os.close(each)
    os.dup2(wanted[0], 2)


def _become(request: dict[str, Any]) -> None:
    """Run the program in this process, as `python ARGUMENTS` would."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(request["death_signal"]), 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(request["environ"])
    if request["cwd"]:
        os.chdir(request["cwd"])
    arguments = list(request["argv"])
    # What `ps` shows is the program, not this module.
    setproctitle(" ".join([sys.executable, *arguments]))
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(int(sys.argv[1]))
