"""What a person meets on the command line before and around the running stack."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config.env import ROOT, Env, load_env
from config.launcher import database, postgres, setup
from config.launcher.errors import LaunchError
from config.launcher.process import Command
from config.launcher.summary import demo_block, first_user_block

pytestmark = pytest.mark.enable_socket


def dev(data: Path, **values: str) -> subprocess.CompletedProcess[str]:
    environ = {
        **os.environ,
        "WATCHBILL_DATA": str(data),
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "",
        **values,
    }
    for name in ("DATABASE_URL", "REDIS_URL", "DEBUG"):
        if name not in values:
            environ.pop(name, None)
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "dev"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def env(data: Path, **values: str) -> Env:
    given = {
        "WATCHBILL_DATA": str(data),
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "k",
        **values,
    }
    return load_env(given, launching=True)


def test_a_wrong_setting_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    done = dev(tmp_path, PORT="abc")
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "PORT must be a whole number from 1 to 65535, got 'abc'.\n",
    )


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = dev(tmp_path, PORT=str(port))
    assert (done.returncode, done.stderr) == (
        1,
        (
            f"\nWatchbill cannot start. PORT {port} is taken by another program: stop that one, or choose "
            f"another, as in `make run PORT={port + 1}`.\n"
        ),
    )
    assert not (tmp_path / "postgres").exists()


def test_a_data_folder_in_use_is_one_sentence(tmp_path: Path) -> None:
    with (tmp_path / "launcher.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = dev(tmp_path)
    assert (done.returncode, done.stderr) == (
        1,
        (
            f"\nWatchbill cannot start. Another Watchbill runs with WATCHBILL_DATA={tmp_path}: "
            "stop that one, or start this one with another WATCHBILL_DATA and PORT.\n"
        ),
    )


def test_a_database_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    done = dev(tmp_path, DATABASE_URL="postgresql://u@127.0.0.1:1/none", PORT="18999")
    assert done.returncode == 1
    assert "Watchbill cannot start. DATABASE_URL cannot be used (127.0.0.1:1: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run.json").exists()


def test_a_missing_database_is_named(
    folder: Path, launch: Callable[[Command], subprocess.Popen[bytes]]
) -> None:
    running = postgres.Cluster(folder / "pg", durable=False).start(launch)
    database.check(running.url)
    with pytest.raises(
        LaunchError,
        match=r'database "absent" does not exist\): correct it, create that database',
    ):
        database.check(running.url.rpartition("/")[0] + "/absent")


def test_migrations_are_skipped_only_while_nothing_changed(
    folder: Path, launch: Callable[[Command], subprocess.Popen[bytes]]
) -> None:
    import psycopg

    url = postgres.Cluster(folder / "pg", durable=False).start(launch).url
    assert not database.is_current(url, "a")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE django_migrations (name text)")
        assert not database.is_current(url, "a")
        database.mark(url, "a")
        assert database.is_current(url, "a")
        assert not database.is_current(url, "b")
        connection.execute("INSERT INTO django_migrations VALUES ('0002')")
        assert not database.is_current(url, "a")


def test_redis_that_is_not_there_is_said_at_once() -> None:
    with pytest.raises(LaunchError, match=r"^REDIS_URL cannot be used"):
        database.check_redis("redis://127.0.0.1:1/0")


def test_the_closing_block_names_address_logins_and_three_commands(
    tmp_path: Path,
) -> None:
    url = "http://127.0.0.1:8000/api/v1/intake/generic/0123456789abcdef0123456789abcdef/"
    block = demo_block(
        env(tmp_path),
        {
            "integrations": [
                {"kind": "grafana", "url": "x"},
                {"kind": "generic", "url": url},
            ]
        },
    )
    wanted = (
        "http://127.0.0.1:8000 ",
        url,
        "http://127.0.0.1:8000/feed/",
        "http://127.0.0.1:8000/api/docs/",
    )
    assert [text for text in wanted if text not in block] == []
    people = ("admin", "manager", "responder", "support", "stranger")
    assert [name for name in people if f"    {name}@example.com " not in block] == []
    assert "sign in" not in first_user_block(env(tmp_path), "").lower()
    assert "the code ab-cd" in first_user_block(env(tmp_path), "ab-cd")


def test_set_up_needs_no_installed_package() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import config.launcher.setup"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_uv_is_told_what_pip_is_configured_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text(
        "#!/bin/sh\n"
        "echo \"global.index-url='https://one.example/simple'\"\n"
        "echo \"global.extra-index-url='https://two.example/simple'\"\n"
        "echo \"freeze.timeout='10'\"\n"
        "echo \":env:.index-url='https://three.example/simple'\"\n"
    )
    fake.chmod(0o755)
    monkeypatch.setattr(setup, "PYTHON", fake)
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_STRATEGY"):
        monkeypatch.delenv(name, raising=False)
    found = setup._uv_environment()
    assert {name: found.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_STRATEGY")} == {
        "UV_DEFAULT_INDEX": "https://three.example/simple",
        "UV_INDEX": "https://two.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.example/simple")
    assert setup._uv_environment()["UV_DEFAULT_INDEX"] == "https://mine.example/simple"


def test_locks_hold_hashes_and_no_addresses() -> None:
    python = sorted(ROOT.glob("requirements*.lock"))
    assert [lock.name for lock in python] == [
        "requirements-dev.lock",
        "requirements-node.lock",
        "requirements-uv.lock",
        "requirements.lock",
    ]
    assert [lock.name for lock in python if "://" in lock.read_text()] == []
    packages = json.loads((ROOT / "frontend/package-lock.json").read_text())["packages"]
    assert [
        name for name, found in packages.items() if "resolved" in found or (name and "integrity" not in found)
    ] == []
