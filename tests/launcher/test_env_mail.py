"""Where mail comes in, by the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.env import EnvError, load_env
from config.launcher import programs


def env_of(tmp_path: Path, launching: bool = True, **given: str) -> tuple[int, str, str]:
    environ = {"WATCHBILL_DATA": str(tmp_path), "ENV_FILE": "/dev/null", "SECRET_KEY": "x", **given}
    env = load_env(environ, launching=launching)
    return env.mail_intake_port, env.mail_intake_host, env.mail_intake_domain


@pytest.mark.parametrize(
    ("port", "mail"), [("8000", 2525), ("443", 2525), ("8201", 18201), ("8202", 18202), ("60000", 50000)]
)
def test_two_copies_do_not_meet(tmp_path: Path, port: str, mail: int) -> None:
    assert env_of(tmp_path, PORT=port) == (mail, "127.0.0.1", "127.0.0.1")


def test_without_the_launcher_it_is_off(tmp_path: Path) -> None:
    assert env_of(tmp_path, launching=False)[0] == 0
    assert env_of(tmp_path, launching=False, MAIL_INTAKE_PORT="2600")[0] == 2600


def test_the_domain_is_that_of_base_url_unless_named(tmp_path: Path) -> None:
    assert env_of(tmp_path, BASE_URL="https://Ops.example.com")[2] == "ops.example.com"
    found = env_of(tmp_path, MAIL_INTAKE_DOMAIN="Alerts.example.com", MAIL_INTAKE_HOST="0.0.0.0")
    assert found[1:] == ("0.0.0.0", "alerts.example.com")


@pytest.mark.parametrize(
    "given",
    [{"MAIL_INTAKE_PORT": "70000"}, {"MAIL_INTAKE_DOMAIN": "a b"}, {"MAIL_INTAKE_HOST": "a/b"}],
)
def test_what_is_wrong_is_named(tmp_path: Path, given: dict[str, str]) -> None:
    with pytest.raises(EnvError, match=next(iter(given))):
        env_of(tmp_path, True, **given)


@pytest.mark.parametrize(("port", "runs"), [("0", False), ("2600", True)])
def test_its_program_runs_unless_it_is_off(tmp_path: Path, port: str, runs: bool) -> None:
    environ = {
        "WATCHBILL_DATA": str(tmp_path),
        "ENV_FILE": "/dev/null",
        "SECRET_KEY": "x",
        "MAIL_INTAKE_PORT": port,
    }
    env = load_env(environ, launching=True)
    assert ("mail" in [child.name for child in programs.children(env, 0)]) == runs
    assert programs.environment(env)["MAIL_INTAKE_PORT"] == port
