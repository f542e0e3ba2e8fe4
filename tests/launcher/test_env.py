"""Settings: where a value comes from, and what is said about a wrong one."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project

from config.env import Env, EnvError, load_env, write_private
from notifications.outbox import claims
from notifications.transports import calling
from notifications.transports.webhook import address


def given(data: Path, **values: str) -> dict[str, str]:
    return {"WATCHBILL_DATA": str(data), "ENV_FILE": os.devnull, "SECRET_KEY": "k", **values}


def load(data: Path, **values: str) -> Env:
    return load_env(given(data, **values))


def launched(data: Path, **values: str) -> Env:
    return load_env(given(data, **values), launching=True)


def run_file(data: Path, **values: Any) -> None:
    write_private(data / "run.json", json.dumps({"pid": os.getpid(), **values}))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "abc", "PORT must be a whole number from 1 to 65535, got 'abc'."),
        ("PORT", "70000", "PORT must be a whole number from 1 to 65535, got '70000'."),
        ("PORT", "²", "PORT must be a whole number from 1 to 65535, got '²'."),
        (
            "WEB_WORKERS",
            "0",
            "WEB_WORKERS must be a whole number from 1 to 64, got '0'.",
        ),
        (
            "CELERY_CONCURRENCY",
            "-1",
            "CELERY_CONCURRENCY must be a whole number from 1 to 256, got '-1'.",
        ),
        (
            "WEBHOOK_ALLOWED_NETWORKS",
            "10.0.0.0/8, 10.1.2.3/8",
            (
                "WEBHOOK_ALLOWED_NETWORKS must be networks such as 10.0.0.0/8 or fd00::/8, separated by "
                "commas, got '10.1.2.3/8'."
            ),
        ),
        *(
            (
                "WEBHOOK_ALLOWED_PORTS",
                value,
                (
                    "WEBHOOK_ALLOWED_PORTS must be ports such as 443 or 8000-9000, separated by commas, "
                    f"got '{value}'."
                ),
            )
            for value in ("http", "0", "9000-8000", "1-65536", "-443", "443-", "²")
        ),
        ("PROVIDER_TIMEOUT", "0", "PROVIDER_TIMEOUT must be a whole number from 1 to 10, got '0'."),
        ("PROVIDER_TIMEOUT", "2.5", "PROVIDER_TIMEOUT must be a whole number from 1 to 10, got '2.5'."),
        ("DEBUG", "maybe", "DEBUG must be 1 or 0, got 'maybe'."),
        (
            "HOST",
            "http://x",
            "HOST must be an address to listen on such as 127.0.0.1 or 0.0.0.0, got 'http://x'.",
        ),
        (
            "DATABASE_URL",
            "mysql://h/db",
            "DATABASE_URL must begin with one of postgres://, postgresql://; it begins with 'mysql'.",
        ),
        (
            "DATABASE_URL",
            "postgresql://h",
            "DATABASE_URL must end in the name of a database, such as postgresql://host/watchbill.",
        ),
        (
            "REDIS_URL",
            "localhost:6379",
            "REDIS_URL must begin with one of redis://, rediss://; it begins with 'localhost'.",
        ),
        (
            "BASE_URL",
            "https://x.org/app",
            "BASE_URL must be scheme and host only, such as https://ops.example.com, got 'https://x.org/app'.",
        ),
        (
            "OIDC_CLIENT_ID",
            "me",
            (
                "OIDC_SERVER_URL must be set too: sign-in needs OIDC_SERVER_URL, OIDC_CLIENT_ID, "
                "OIDC_CLIENT_SECRET together."
            ),
        ),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_variable(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    with pytest.raises(EnvError) as caught:
        load(tmp_path, **{name: value})
    assert str(caught.value) == sentence


def test_an_address_with_a_broken_port_is_refused_without_repeating_its_password(
    tmp_path: Path,
) -> None:
    with pytest.raises(EnvError, match=r"^DATABASE_URL is not a valid address") as caught:
        load(tmp_path, DATABASE_URL="postgresql://u:hunter2@h:port/db")
    assert "hunter2" not in str(caught.value)


def test_environment_wins_over_env_file_over_run_file_over_default(
    tmp_path: Path,
) -> None:
    run_file(tmp_path, port=8001, redis_url="redis://run/0", debug=True)
    file = tmp_path / "env"
    assert load(tmp_path).port == 8001
    file.write_text("PORT=8002\nDEBUG=0\n")
    assert load(tmp_path, ENV_FILE=str(file)).port == 8002
    env = load(tmp_path, ENV_FILE=str(file), PORT="8003")
    assert (env.port, env.debug, env.redis_url, env.host) == (
        8003,
        False,
        "redis://run/0",
        "127.0.0.1",
    )
    assert (env.given_database, env.given_redis) == (False, False)


def test_what_outgoing_calls_may_reach(tmp_path: Path) -> None:
    def found(env: Env) -> tuple[object, ...]:
        return env.webhook_allowed_networks, env.webhook_allowed_ports, env.provider_timeout

    assert found(load(tmp_path)) == ((), address.PORTS, calling.CALL_LIMIT)
    # A sender that holds a delivery for less than one call takes sends nothing.
    assert load(tmp_path, PROVIDER_TIMEOUT="10").provider_timeout < claims.LEASE.total_seconds()
    own = load(
        tmp_path,
        WEBHOOK_ALLOWED_NETWORKS="10.1.0.0/16, fd00::/8 192.168.0.7",
        WEBHOOK_ALLOWED_PORTS="443, 9000-9100",
        PROVIDER_TIMEOUT="9",
    )
    networks = ("10.1.0.0/16", "fd00::/8", "192.168.0.7/32")
    assert found(own) == (networks, ((443, 443), (9000, 9100)), 9)
    assert found(project.ENV) == (
        tuple(project.WEBHOOK_ALLOWED_NETWORKS),
        tuple(project.WEBHOOK_ALLOWED_PORTS),
        project.PROVIDER_TIMEOUT,
    )


def test_an_empty_value_counts_as_not_given(tmp_path: Path) -> None:
    assert load(tmp_path, PORT="", DEBUG=" ").port == 8000


def test_the_run_file_of_a_dead_launcher_counts_for_nothing(tmp_path: Path) -> None:
    run_file(tmp_path, port=8001)
    (tmp_path / "run.json").write_text(json.dumps({"pid": 2**22 + 1, "port": 8001}))
    assert load(tmp_path).port == 8000
    (tmp_path / "run.json").write_text("{broken")
    assert load(tmp_path).port == 8000


def test_the_launcher_does_not_read_a_run_file_and_has_debug_on(tmp_path: Path) -> None:
    run_file(tmp_path, port=8001, debug=False)
    env = launched(tmp_path)
    assert (env.port, env.debug, env.demo) == (8000, True, True)


@pytest.mark.parametrize(
    ("values", "demo"),
    [
        ({}, False),
        ({"DEMO": "1"}, False),
        ({"DEBUG": "1"}, True),
        ({"DEBUG": "1", "DEMO": "0"}, False),
        ({"DEBUG": "on", "DEMO": "yes"}, True),
    ],
)
def test_demo_counts_only_together_with_debug(tmp_path: Path, values: dict[str, str], demo: bool) -> None:
    assert load(tmp_path, **values).demo is demo


def test_debug_makes_a_private_key_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = load(data, SECRET_KEY="", DEBUG="1")
    assert len(first.secret_key) >= 50
    assert stat.S_IMODE(first.secret_key_path.stat().st_mode) == 0o600
    assert load(data, SECRET_KEY="").secret_key == first.secret_key
    assert [path.name for path in data.iterdir()] == ["secret_key"]


def test_production_without_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EnvError) as caught:
        load(tmp_path, SECRET_KEY="")
    assert str(caught.value) == (
        f"SECRET_KEY must be set when DEBUG is off (and there is no {tmp_path}/secret_key)."
    )
    with pytest.raises(EnvError):
        launched(
            tmp_path,
            SECRET_KEY="",
            DEBUG="0",
            DATABASE_URL="postgresql://h/db",
        )
    assert launched(tmp_path, SECRET_KEY="", DEBUG="0").secret_key


@pytest.mark.parametrize(
    ("values", "base"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"HOST": "0.0.0.0", "PORT": "80"}, "http://localhost"),
        ({"HOST": "::1"}, "http://[::1]:8000"),
        ({"BASE_URL": "https://ops.example.com/"}, "https://ops.example.com"),
    ],
)
def test_base_url(tmp_path: Path, values: dict[str, str], base: str) -> None:
    assert load(tmp_path, **values).base_url == base


def test_hosts_are_words(tmp_path: Path) -> None:
    assert load(tmp_path, ALLOWED_HOSTS="a.example, b.example").allowed_hosts == (
        "a.example",
        "b.example",
    )
    assert load(tmp_path).allowed_hosts == ()


def test_single_sign_on_becomes_a_provider(tmp_path: Path) -> None:
    env = load(
        tmp_path,
        OIDC_SERVER_URL="https://id.example",
        OIDC_CLIENT_ID="c",
        OIDC_CLIENT_SECRET="s",
    )
    assert env.oidc_providers == {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "oidc",
                    "name": "Single sign-on",
                    "client_id": "c",
                    "secret": "s",
                    "settings": {
                        "server_url": "https://id.example",
                        "oauth_pkce_enabled": True,
                        "verified_email": False,
                    },
                }
            ]
        }
    }


def test_groups_of_the_identity_provider_name_teams_and_roles(tmp_path: Path) -> None:
    env = load(tmp_path, OIDC_GROUPS="sre=payments:manager, all staff=payments ,")
    assert env.oidc_groups == (("sre", "payments", "manager"), ("all staff", "payments", "responder"))
    assert env.oidc_groups_claim == "groups"


@pytest.mark.parametrize("value", ["payments", "=payments", "sre=", "sre=payments:boss"])
def test_a_wrong_group_mapping_names_the_variable(tmp_path: Path, value: str) -> None:
    with pytest.raises(EnvError, match="OIDC_GROUPS must be like"):
        load(tmp_path, OIDC_GROUPS=value)
