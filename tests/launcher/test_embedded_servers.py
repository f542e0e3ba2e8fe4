"""The embedded PostgreSQL and Valkey, as real processes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from config.launcher import postgres, valkey
from config.launcher.errors import LaunchError
from config.launcher.identity import NOBODY, Identity, choose, identities
from config.launcher.process import Command, alive, end, wait_for

pytestmark = pytest.mark.enable_socket

Launch = Callable[[Command], subprocess.Popen[bytes]]


def one(kind: str) -> Identity:
    found = [identity for identity in identities() if identity.kind == kind]
    if not found:
        pytest.skip(f"not available to this user: {kind}")
    return found[0]


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, connect_timeout=3) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("kind", ["self", "namespace", "nobody", "passing"])
def test_postgres_runs_as_each_identity_and_keeps_its_data(folder: Path, launch: Launch, kind: str) -> None:
    cluster = postgres.Cluster(folder / "pg", durable=False, among=[one(kind)])
    running = cluster.start(launch)
    assert running.handle is not None
    assert ask(running.url, "SELECT current_database() || current_user") == "watchbillwatchbill"
    assert ask(running.url, "SELECT pg_encoding_to_char(encoding) FROM pg_database LIMIT 1") == "UTF8"
    ask(running.url, "SELECT lo_from_bytea(4242, 'kept')")
    assert (folder / "pg").stat().st_uid == cluster.identity.owner
    assert stat.S_IMODE((folder / "pg/password").stat().st_mode) == 0o600
    assert not list(folder.rglob(".s.PGSQL*"))

    end(running.handle, postgres.STOP_SIGNAL, seconds=15)
    again = postgres.Cluster(folder / "pg", durable=False, among=[one(kind)]).start(launch)
    assert ask(again.url, "SELECT lo_get(4242)") == b"kept"


def test_a_folder_closed_to_others_needs_the_right_to_pass(folder: Path) -> None:
    closed = folder / "closed"
    (closed / "pg").mkdir(parents=True)
    closed.chmod(0o700)
    program = postgres.programs() / "postgres"
    with pytest.raises(LaunchError, match="set DATABASE_URL to a PostgreSQL server of yours"):
        choose(program, closed / "pg", [one("nobody")])
    assert choose(program, closed / "pg", [one("nobody"), one("passing")]).kind == "passing"


def test_without_namespaces_root_falls_back_to_nobody(folder: Path) -> None:
    refused = Identity("namespace", ("false",), 0)
    missing = Identity("namespace", ("no-such-program",), 0)
    chosen = choose(postgres.programs() / "postgres", folder, [refused, missing, one("nobody")])
    assert (chosen.kind, folder.stat().st_uid) == ("nobody", NOBODY)


def test_a_cluster_changes_hands_when_the_identity_does(folder: Path, launch: Launch) -> None:
    for kind in ("namespace", "nobody", "namespace"):
        running = postgres.Cluster(folder / "pg", durable=False, among=[one(kind)]).start(launch)
        assert ask(running.url, "SELECT 1") == 1
        end(running.handle, postgres.STOP_SIGNAL, seconds=15)


def test_a_running_cluster_is_kept(folder: Path, launch: Launch) -> None:
    first = postgres.Cluster(folder / "pg", durable=False).start(launch)
    second = postgres.Cluster(folder / "pg", durable=False).start(launch)
    assert (second.url, second.handle) == (first.url, None)


def test_a_killed_cluster_and_a_reused_process_id_do_not_stand_in_the_way(
    folder: Path, launch: Launch
) -> None:
    running = postgres.Cluster(folder / "pg", durable=False).start(launch)
    pid_file = folder / "pg/data/postmaster.pid"
    end(running.handle, signal.SIGKILL, seconds=15)
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    again = postgres.Cluster(folder / "pg", durable=False).start(launch)
    assert ask(again.url, "SELECT 1") == 1


def test_an_interrupted_first_start_is_made_good(folder: Path, launch: Launch) -> None:
    (folder / "pg/data.new").mkdir(parents=True)
    (folder / "pg/data.new/PG_VERSION").write_text("18\n")
    (folder / "pg/password").write_text("old")
    running = postgres.Cluster(folder / "pg", durable=False).start(launch)
    assert ask(running.url, "SELECT 1") == 1


def test_another_major_version_is_said_in_a_sentence(folder: Path, launch: Launch) -> None:
    (folder / "pg/data").mkdir(parents=True)
    (folder / "pg/data/PG_VERSION").write_text("9.6\n")
    with pytest.raises(LaunchError, match=r"was made by PostgreSQL 9\.6, and .* dump and restore it"):
        postgres.Cluster(folder / "pg").start(launch)


def test_a_wrong_program_folder_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGBIN", str(tmp_path))
    with pytest.raises(LaunchError, match=r"^PGBIN must be a folder with PostgreSQL's programs"):
        postgres.programs()


def test_valkey_answers_to_its_password_only_and_writes_nothing(launch: Launch) -> None:
    url, handle = valkey.start(launch)
    client = redis.Redis.from_url(url)
    assert client.config_get("save", "appendonly", "bind") == {
        "save": "",
        "appendonly": "no",
        "bind": "127.0.0.1",
    }
    client.close()
    stranger = redis.Redis.from_url(f"redis://{url.rpartition('@')[2]}")
    with pytest.raises(redis.AuthenticationError):
        stranger.ping()
    stranger.close()
    command_line = Path(f"/proc/{handle.pid}/cmdline").read_bytes()  # type: ignore[attr-defined]
    assert url.partition("@")[0].rpartition(":")[2].encode() not in command_line


def test_children_end_with_a_killed_parent(folder: Path) -> None:
    script = """
import subprocess, sys, time
from pathlib import Path
from config.launcher import postgres, valkey
from config.launcher.process import spawn
folder = Path(sys.argv[1])
log = (folder / "log").open("ab")
started = []
def launch(command):
    started.append(spawn(command, output=log))
    return started[-1]
postgres.Cluster(folder / "pg", durable=False).start(launch)
valkey.start(launch)
print(*[process.pid for process in started], flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 2
    assert all(alive(pid) for pid in pids)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_for(lambda: not any(alive(pid) for pid in pids), seconds=15)
