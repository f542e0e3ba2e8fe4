"""Real programs of the product: some against the test database, or all of them on servers of their own."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis

from config.env import Env, load_env
from config.launcher import postgres, programs, valkey
from config.launcher.process import Command, end, free_port, run, spawn, wait_for


class Stack:
    """Starts programs by their names in `config.launcher.programs`; ends them all with the test."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.redis_url = f"redis://127.0.0.1:{free_port()}/0"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, Command] = {}

    def start_valkey(self) -> None:
        self.redis_url, _ = valkey.start(lambda command: self._server(command, "valkey"))

    @contextlib.contextmanager
    def without(self, server: str, number: signal.Signals) -> Iterator[None]:
        """End a server by this signal; it comes back afterwards, at the same address."""
        end(self.running[server], number, seconds=30)
        try:
            yield
        finally:
            self.running[server] = self._spawn(self._commands[server], server)
            assert wait_for(lambda: self._answers(server), seconds=30), (
                f"{server} does not come back\n{self.logs()}"
            )

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.redis_url, socket_timeout=2, socket_connect_timeout=2)

    def start(self, name: str, **environ: str) -> subprocess.Popen[bytes]:
        before = dict(os.environ)
        os.environ.update(environ)
        try:
            children = programs.children(self._env(), self._listening())
            child = next(each for each in children if each.name == name)
        finally:
            os.environ.clear()
            os.environ.update(before)
        return self._spawn(child.command, name)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 of the program and all it started."""
        end(process, signal.SIGKILL, seconds=5)

    def stop(self) -> None:
        for process in reversed(self.processes):
            end(process, signal.SIGKILL, seconds=5)

    def logs(self) -> str:
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}"
            for path in sorted(self.folder.glob("*.log"))
        )

    def _env(self) -> Env:
        return dataclasses.replace(
            load_env(), database_url=self.database_url, redis_url=self.redis_url, demo=False
        )

    def _listening(self) -> int:
        return 0

    def _server(self, command: Command, name: str) -> subprocess.Popen[bytes]:
        self._commands[name] = command
        self.running[name] = self._spawn(command, name)
        return self.running[name]

    def _answers(self, server: str) -> bool:
        """Whether this server, `valkey`, can be worked with."""
        try:
            with self.redis() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _spawn(self, command: Command, name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = spawn(command, output=log)
        self.processes.append(process)
        return process


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the web server said."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


class Site(Stack):
    """The whole product on a durable PostgreSQL and a Valkey that go away and come back at their ports."""

    def __init__(self, folder: Path, source: dict[str, Any] | None, **environ: str) -> None:
        """`source`: Django's settings of a migrated database to begin with; without one it migrates."""
        super().__init__(folder, "")
        self.environ = environ
        self.port = free_port()
        self._socket = programs.listen(dataclasses.replace(load_env(), port=self.port))
        cluster = postgres.Cluster(folder / "pg", durable=True, log=folder / "postgres.log")
        self.database_url = cluster.start(lambda command: self._server(command, "postgres")).url
        self.start_valkey()
        if source is None:
            self._finish(programs.manage(self._env(), "migrate", "-v", "0"))
        else:
            self._copy(source)

    def run(self, name: str, *, known_as: str = "") -> None:
        """Start a program; a second one of its kind is `known_as` something else."""
        self.running[known_as or name] = self.start(name, **self.environ)

    @contextlib.contextmanager
    def paused(self, *names: str) -> Iterator[None]:
        """These programs stand still meanwhile, as in a frozen machine."""
        for name in names:
            os.killpg(self.running[name].pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for name in names:
                os.killpg(self.running[name].pid, signal.SIGCONT)

    @contextlib.contextmanager
    def as_default(self) -> Iterator[None]:
        """This process's models work on the site's database meanwhile."""
        from django.db import connection

        parts = urlsplit(self.database_url)
        connection.close()
        kept = dict(connection.settings_dict)
        connection.settings_dict |= {
            "NAME": parts.path[1:],
            "USER": parts.username,
            "PASSWORD": parts.password,
            "HOST": parts.hostname,
            "PORT": parts.port,
        }
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict |= kept

    def post(self, path: str, body: Any, *, token: str = "") -> Answer:
        """POST JSON to the web server. Raises `OSError` when it does not answer within 20 s."""
        web = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        try:
            web.request("POST", path, json.dumps(body), headers)
            answer = web.getresponse()
            return Answer(
                answer.status,
                {name.lower(): value for name, value in answer.getheaders()},
                json.loads(answer.read()),
            )
        finally:
            web.close()

    def read(self, path: str, words: str) -> int:
        """The status of a GET, 0 when nobody answers, -1 when the words are not in it."""
        web = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            web.request("GET", path)
            answer = web.getresponse()
            return answer.status if words.encode() in answer.read() else -1
        except OSError:
            return 0
        finally:
            web.close()

    def stop(self) -> None:
        super().stop()
        self._socket.close()

    def _env(self) -> Env:
        return dataclasses.replace(super()._env(), port=self.port, base_url=f"http://127.0.0.1:{self.port}")

    def _listening(self) -> int:
        return self._socket.fileno()

    def _copy(self, source: dict[str, Any]) -> None:
        """Much faster than all migrations."""
        dump = self.folder / "copy.sql"
        named = [word for key, flag in _FLAGS.items() if source[key] for word in (flag, str(source[key]))]
        password = {**os.environ, "PGPASSWORD": source["PASSWORD"]}
        options = ["-O", "-x", "-f", str(dump), source["NAME"]]
        self._finish(Command([_tool("pg_dump"), *named, *options], environ=password))
        options = ["-q", "-o", os.devnull, "-v", "ON_ERROR_STOP=1", "-f", str(dump)]
        self._finish(Command([_tool("psql"), *options, self.database_url]))
        dump.unlink()

    def _finish(self, command: Command) -> None:
        done = run(command, seconds=120)
        assert done.returncode == 0, done.stdout

    def _answers(self, server: str) -> bool:
        """Whether this server, `postgres` or `valkey`, can be worked with."""
        if server != "postgres":
            return super()._answers(server)
        try:
            psycopg.connect(self.database_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


_FLAGS = {"HOST": "-h", "PORT": "-p", "USER": "-U"}


def _tool(name: str) -> str:
    return str(postgres.programs() / name)
