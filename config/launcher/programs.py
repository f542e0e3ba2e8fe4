"""The programs of the product and how each is started."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from collections.abc import Mapping

from config.env import ROOT, Env
from config.launcher.errors import LaunchError
from config.launcher.process import Command
from config.launcher.supervisor import Child

# Celery doubts the users that containers have; nothing here is run as another user than the person's own.
_WARNINGS = ",".join(
    f"ignore:{text}:UserWarning"
    for text in ("You're running the worker with superuser", "An entry for the specified gid or egid")
)


def environment(env: Env) -> dict[str, str]:
    """What every program of the stack gets: this process's environment and the checked settings."""
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", _WARNINGS),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PORT": str(env.port),
        "HOST": env.host,
        "BASE_URL": env.base_url,
        "WATCHBILL_DATA": str(env.data_dir),
        "DATABASE_URL": env.database_url,
        "REDIS_URL": env.redis_url,
        "DEBUG": str(int(env.debug)),
        "DEMO": str(int(env.demo)),
        "MAIL_INTAKE_PORT": str(env.mail_intake_port),
        "MAIL_INTAKE_HOST": env.mail_intake_host,
        "MAIL_INTAKE_DOMAIN": env.mail_intake_domain,
    }


def manage(env: Env, *arguments: str) -> Command:
    """A `manage.py` command."""
    return Command(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        environ=environment(env),
        cwd=ROOT,
    )


def children(env: Env, listening: int) -> list[Child]:
    """The programs that serve: web, three Celery workers, beat, the watchdog, the check worker and the mail server.

    `listening` is the descriptor of the socket that the web processes share (`listen`).
    """
    environ = environment(env)
    web = Command(
        [sys.executable, "-m", "config.serve", str(listening)],
        environ=environ,
        cwd=ROOT,
        descriptors=(listening,),
    )
    return [
        *(Child(f"web-{number}", web, grace=10) for number in range(1, env.web_workers + 1)),
        _worker(environ, "engine", "engine", "threads", 2),
        _worker(environ, "deliver", "deliver", "threads", 8),
        _worker(
            environ,
            "work",
            "intake,events,bulk,celery",
            "prefork",
            env.celery_concurrency,
        ),
        # Beat writes to the database inside its signal handler and may wait for itself there; what it would
        # save, the next one reads from the tables.
        Child("beat", _celery(environ, "beat", *_BEAT), grace=2, expendable=True),
        Child("watchdog", manage(env, "watchdog"), grace=10),
        Child("checks", manage(env, "check_worker"), grace=10),
        *([Child("mail", manage(env, "mail_intake"), grace=10)] if env.mail_intake_port else []),
    ]


def is_web(child: Child) -> bool:
    """Whether it answers pages."""
    return child.name.startswith("web-")


def stop_order(env: Env) -> tuple[tuple[str, ...], ...]:
    """The schedule first, so that nothing new begins; the database last, so that everything can be written."""
    return (
        ("beat",),
        tuple(f"web-{number}" for number in range(1, env.web_workers + 1)),
        ("mail", "checks"),
        ("engine", "deliver", "work"),
        ("watchdog",),
        ("valkey",),
        ("postgres",),
    )


def listen(env: Env) -> socket.socket:
    """The socket at HOST and PORT; raises `LaunchError` when it cannot be had."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            env.host, env.port, type=socket.SOCK_STREAM
        )[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(2048)
    except socket.gaierror:
        raise LaunchError(f"HOST must be an address of this machine, and '{env.host}' is none.") from None
    except PermissionError:
        raise LaunchError(f"PORT {env.port} needs more rights: choose one above 1023.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise LaunchError(
                f"PORT {env.port} is taken by another program: stop that one, or choose another, as in "
                f"`make run PORT={env.port + 1}`."
            ) from None
        raise LaunchError(f"HOST {env.host} cannot be listened on: {error.strerror}.") from None
    return made


_BEAT = (
    "-S",
    "config.beat:Scheduler",
    "--max-interval",
    "1",
    "--pidfile=",
    "-l",
    "WARNING",
)


def _worker(environ: Mapping[str, str], name: str, queues: str, pool: str, concurrency: int) -> Child:
    options = [
        *(
            "-Q",
            queues,
            "-P",
            pool,
            "-c",
            str(concurrency),
            "-n",
            f"{name}@%h",
            "-l",
            "WARNING",
        ),
        *("--without-gossip", "--without-mingle"),
    ]
    return Child(name, _celery(environ, "worker", *options), stop_signal=signal.SIGTERM, grace=12)


def _celery(environ: Mapping[str, str], *arguments: str) -> Command:
    start = [
        sys.executable,
        "-m",
        "celery",
        "--quiet",
        "--skip-checks",
        "-A",
        "config.celery",
    ]
    return Command([*start, *arguments], environ=environ, cwd=ROOT)
