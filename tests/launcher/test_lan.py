"""What a start says to somebody with a phone in the same network."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings

from config.env import Env, load_env
from config.launcher import lan
from config.launcher.summary import demo_block, first_user_block

HERE = "192.168.7.20"


@pytest.fixture(autouse=True)
def one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine has one address in its network."""
    monkeypatch.setattr(lan, "_own_addresses", lambda: [HERE])


def env(data: Path, **values: str) -> Env:
    given = {"WATCHBILL_DATA": str(data), "ENV_FILE": os.devnull, "SECRET_KEY": "k", **values}
    return load_env(given, launching=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.1.1", "localhost", "::1"])
def test_for_this_machine_alone_nothing_is_said(tmp_path: Path, host: str) -> None:
    here = env(tmp_path, HOST=host)
    assert (lan.urls(here), lan.block(here)) == ([], [])
    assert "same network" not in demo_block(here, {})


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"HOST": "0.0.0.0"}, [f"http://{HERE}:8000"]),
        ({"HOST": "0.0.0.0", "PORT": "80"}, [f"http://{HERE}"]),
        ({"HOST": "10.1.2.3", "PORT": "9000"}, ["http://10.1.2.3:9000"]),
        ({"HOST": "fd00::7"}, ["http://[fd00::7]:8000"]),
        ({"HOST": "0.0.0.0", "ALLOWED_HOSTS": "other.example"}, []),
        ({"HOST": "0.0.0.0", "ALLOWED_HOSTS": HERE}, [f"http://{HERE}:8000"]),
        ({"HOST": "0.0.0.0", "DEBUG": "0"}, []),
        ({"HOST": "0.0.0.0", "DEBUG": "0", "BASE_URL": f"http://{HERE}:8000"}, [f"http://{HERE}:8000"]),
    ],
)
def test_the_addresses_that_are_answered(tmp_path: Path, values: dict[str, str], found: list[str]) -> None:
    assert lan.urls(env(tmp_path, **values)) == found


def test_the_closing_block_shows_address_code_and_what_needs_https(tmp_path: Path) -> None:
    open_to_all = env(tmp_path, HOST="0.0.0.0")
    for shown in (demo_block(open_to_all, {}), first_user_block(open_to_all, "ab-cd")):
        assert f"    http://{HERE}:8000\n" in shown
        assert "push notifications and installing need HTTPS or localhost" in shown
        assert sum(line.count("█") + line.count("▄") + line.count("▀") for line in shown.splitlines()) > 100


def test_the_code_is_one_that_phones_read() -> None:
    import segno

    lines = lan.code("http://192.168.7.20:8000").splitlines()
    size = segno.make("http://192.168.7.20:8000", micro=False, error="l").symbol_size(border=2)[1]
    # Two rows of the symbol in each line.
    assert len(lines) == (size + 1) // 2
    assert max(len(line) for line in lines) < 60


def test_own_addresses_are_never_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    entries: list[Any] = [(2, 1, 6, "", (host, 0)) for host in ("127.0.1.1", HERE, HERE)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: entries)
    found = lan._own_addresses()
    assert HERE in found and "127.0.1.1" not in found and len(found) == len(set(found))


@pytest.mark.django_db
@override_settings(DEBUG=True, CSRF_TRUSTED_ORIGINS=["http://localhost:8000"])
def test_by_that_address_forms_can_be_sent() -> None:
    """The host itself is an origin that counts, so a phone can sign in by the address in the network."""
    from tests.factories import make_user

    make_user("Ada", email="ada@example.com", password="Correct-horse-7")
    phone = Client(
        enforce_csrf_checks=True, headers={"Host": f"{HERE}:8000", "Origin": f"http://{HERE}:8000"}
    )
    phone.get("/accounts/login/")
    token = phone.cookies["csrftoken"].value
    login = {"login": "ada@example.com", "password": "Correct-horse-7", "csrfmiddlewaretoken": token}
    assert phone.post("/accounts/login/", login).status_code == 302
    other = Client(
        enforce_csrf_checks=True, headers={"Host": f"{HERE}:8000", "Origin": "http://evil.example"}
    )
    other.cookies["csrftoken"] = token
    assert other.post("/accounts/login/", login).status_code == 403
