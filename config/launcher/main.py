"""`manage.py dev`: brings the whole product up on this machine and keeps it up until told to stop."""

from __future__ import annotations

import argparse
import dataclasses
import fcntl
import http.client
import json
import os
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any

from config.env import ROOT, Env, EnvError, load_env, write_private
from config.launcher import database, postgres, programs, valkey
from config.launcher.console import START_STEPS, Console, Step
from config.launcher.errors import LaunchError, StopRequested
from config.launcher.forks import Preloaded
from config.launcher.summary import demo_block, first_user_block
from config.launcher.supervisor import Child, Supervisor

_PRELOAD_SECONDS = 60
_MIGRATE_SECONDS = 300
_READY_SECONDS = 120
_DEMO_SECONDS = 180


def main(arguments: Sequence[str] = ()) -> int:
    """Run until stopped; returns the exit status: 0 stopped, 1 cannot start, 2 a wrong setting."""
    parser = argparse.ArgumentParser(prog="manage.py dev", description=__doc__)
    parser.add_argument("--steps-done", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(list(arguments))
    console = Console(total=options.steps_done + START_STEPS, done=options.steps_done)
    try:
        env = load_env(launching=True)
        database.make_folder(env.data_dir)
        with _lock(env), programs.listen(env) as listening:
            return Launcher(env, console, listening).run()
    except EnvError as error:
        print(error, file=sys.stderr)
        return 2
    except LaunchError as error:
        print(f"\nWatchbill cannot start. {error}", file=sys.stderr)
        return 1


class Launcher:
    """One run of the stack."""

    def __init__(self, env: Env, console: Console, listening: socket.socket) -> None:
        self._env, self._console, self._listening = env, console, listening
        self._supervisor = Supervisor(console, env.data_dir / "logs")
        self._demo: dict[str, Any] = {}

    def run(self) -> int:
        self._supervisor.watch_signals()
        try:
            self._start()
            while True:
                self._supervisor.pump(60)
        except StopRequested:
            self._console.say("\nStopping…")
            return 0
        finally:
            self._supervisor.stop(programs.stop_order(self._env))
            self._env.run_file.unlink(missing_ok=True)

    def _start(self) -> None:
        with self._console.step("Database") as step:
            self._start_database(step)
        with self._console.step("Redis") as step:
            self._start_redis(step)
        self._write_run_file()
        with self._console.step("Program code") as step:
            self._preload(step)
        with self._console.step("Tables") as step:
            self._migrate(step)
        children = programs.children(self._env, self._listening.fileno())
        # Before the demo company is there, pages could only ask for a first account.
        waits = self._env.demo and not database.has_users(self._env.database_url)
        late = [child for child in children if waits and programs.is_web(child)]
        for child in children:
            if child not in late:
                self._supervisor.start(child)
        with self._console.step("Demo data" if self._env.demo else "First sign-in") as step:
            self._fill(step)
        for child in late:
            self._supervisor.start(child)
        with self._console.step("Web, workers, beat, watchdog"):
            self._wait_until_ready()
        self._supervisor.ready()
        self._console.say(self._closing_block())

    def _start_database(self, step: Step) -> None:
        if self._env.given_database:
            database.check(self._env.database_url)
            step.note = "DATABASE_URL"
            return
        cluster = postgres.Cluster(
            self._env.data_dir / "postgres",
            log=self._supervisor.log_path("postgres"),
            pause=self._supervisor.pump,
        )
        running = cluster.start(
            lambda command: self._server(Child("postgres", command, postgres.STOP_SIGNAL, grace=30))
        )
        self._keep(running.handle)
        step.note = "PostgreSQL, embedded" if running.handle else "PostgreSQL, was running"
        self._env = dataclasses.replace(self._env, database_url=running.url)

    def _start_redis(self, step: Step) -> None:
        if self._env.given_redis:
            database.check_redis(self._env.redis_url)
            step.note = "REDIS_URL"
            return
        url, handle = valkey.start(
            lambda command: self._server(Child("valkey", command, valkey.STOP_SIGNAL, grace=5)),
            pause=self._supervisor.pump,
            log=self._supervisor.log_path("valkey"),
        )
        self._keep(handle)
        step.note = "Valkey, embedded"
        self._env = dataclasses.replace(self._env, redis_url=url)

    def _server(self, child: Child) -> Child:
        """Start an embedded server, which its own module watches until it answers."""
        child.echo, child.once = False, True
        return self._supervisor.start(child)

    def _keep(self, handle: object) -> None:
        """From now on the supervisor restarts this server when it crashes."""
        if isinstance(handle, Child):
            handle.once = False

    def _write_run_file(self) -> None:
        env = self._env
        found = {
            "pid": os.getpid(),
            "host": env.host,
            "port": env.port,
            "base_url": env.base_url,
            "debug": env.debug,
            "demo": env.demo,
            "database_url": env.database_url,
            "redis_url": env.redis_url,
            "secret_key_path": str(env.secret_key_path),
        }
        write_private(env.run_file, json.dumps(found, indent=2) + "\n")

    def _preload(self, step: Step) -> None:
        """Load the code once for all programs."""
        preloaded = Preloaded()
        command = preloaded.command(programs.environment(self._env), ROOT)
        child = self._supervisor.start(Child("preload", command, echo=False, once=True, expendable=True))
        if preloaded.wait(child, seconds=_PRELOAD_SECONDS, pause=self._supervisor.pump):
            self._supervisor.use(preloaded)
        else:
            step.note = f"each program by itself, see {self._supervisor.log_path('preload')}"

    def _migrate(self, step: Step) -> None:
        print_of_code = database.fingerprint()
        if database.is_current(self._env.database_url, print_of_code):
            step.note = "up to date"
            return
        command = programs.manage(self._env, "migrate", "--noinput", "--verbosity", "1")
        child = self._supervisor.start(Child("migrate", command, echo=False, once=True))
        if self._supervisor.finish(child, seconds=_MIGRATE_SECONDS) != 0:
            raise LaunchError(
                _failed("The migrations", child),
                log=self._supervisor.log_path("migrate"),
            )
        database.mark(self._env.database_url, print_of_code)
        step.note = "migrated"

    def _fill(self, step: Step) -> None:
        """Load or refresh the demo data, or make the code with which the first person signs in."""
        if self._env.demo:
            self._demo = self._load_demo()
            step.note = "started empty" if self._demo.get("logins") == [] else ""
            return
        if database.has_users(self._env.database_url):
            self._env.setup_code_path.unlink(missing_ok=True)
            step.note = "users exist"
        elif not self._env.setup_code_path.exists():
            self._env.make_setup_code()

    def _load_demo(self) -> dict[str, Any]:
        """Run the command that loads or refreshes the demo data; returns the JSON it printed, if any."""
        command = programs.manage(self._env, "demo", "--ensure")
        child = self._supervisor.start(Child("demo", command, echo=False, once=True))
        if self._supervisor.finish(child, seconds=_DEMO_SECONDS) != 0:
            raise LaunchError(_failed("The demo data", child), log=self._supervisor.log_path("demo"))
        shown = list(child.tail)
        for number, line in enumerate(shown):
            if line.startswith("{"):
                with suppress(ValueError):
                    found = json.loads("\n".join(shown[number:]))
                    return found if isinstance(found, dict) else {}
        return {}

    def _wait_until_ready(self) -> None:
        """Until the web process answers and the engine's heartbeat is there."""
        deadline = time.monotonic() + _READY_SECONDS
        answer = "no answer"
        while True:
            status, answer = self._ask("/readyz")
            if status == 200:
                return
            if time.monotonic() > deadline:
                raise LaunchError(
                    f"The programs did not become ready within {_READY_SECONDS} s (/readyz: {answer}).",
                    log=self._supervisor.log_path("web-1"),
                )
            # Asking is a request like any other and takes from the processes that are still loading.
            self._supervisor.rest(0.25)

    def _ask(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(_local(self._env.host), self._env.port, timeout=3)
        try:
            connection.request("GET", path, headers={"Host": self._env.base_url.partition("://")[2]})
            response = connection.getresponse()
            return response.status, response.read(500).decode("utf-8", "replace").strip()
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)
        finally:
            connection.close()

    def _closing_block(self) -> str:
        env = self._env
        if env.demo and self._demo.get("logins") != []:
            return demo_block(env, self._demo)
        code = env.setup_code_path.read_text().strip() if env.setup_code_path.exists() else ""
        return first_user_block(env, code)


def _failed(what: str, child: Child) -> str:
    return f"{what} failed: {child.tail[-1] if child.tail else 'no reason given'}"


def _local(host: str) -> str:
    """The address under which this machine itself reaches what listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _lock(env: Env) -> IO[str]:
    """Hold the data folder for this run; the kernel lets go of it whatever happens to us."""
    stream = (env.data_dir / "launcher.lock").open("a+")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.close()
        raise LaunchError(
            f"Another Watchbill runs with WATCHBILL_DATA={env.data_dir}: stop that one, or start this one "
            "with another WATCHBILL_DATA and PORT."
        ) from None
    return stream
