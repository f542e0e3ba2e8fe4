"""HTTP and TCP probes against real servers: what is well, what is not, and in which words."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from alerts.checks import http, probes
from tests.alerts.check_servers import Site, ask, asking, said, silent
from tests.alerts.check_servers import script as script
from tests.alerts.check_servers import site as site

WHOLE = 256 * 1024


@pytest.fixture
def closed() -> int:
    """A port nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_an_answer_that_is_well(site: Site) -> None:
    found = ask("http", f"{site.url}/#part", headers={"X-Key": "k", "Accept": "x/y"})
    assert said(found) == (True, "Answered 200")
    assert 0 <= found.milliseconds < 5000
    [(method, path, headers)] = site.seen
    assert (method, path) == ("GET", "/")
    assert headers | {"connection": ""} == {
        "host": f"127.0.0.1:{site.port}",
        "user-agent": "Watchbill",
        "accept": "x/y",
        "accept-encoding": "identity",
        "x-key": "k",
        "connection": "",
    }


@pytest.mark.parametrize(
    ("status", "expected", "given"),
    [
        (503, (False, "Answered 503; expected 200-399"), {}),
        (404, (True, "Answered 404"), {"statuses": "200,404"}),
        (200, (False, "Answered 200; expected 500-599"), {"statuses": "500-599"}),
        (302, (True, "Answered 302"), {}),
    ],
)
def test_the_status_is_judged(site: Site, status: int, expected: tuple, given: dict) -> None:
    site.answers["/"] = (status, {}, b"")
    assert said(ask("http", site.url, **given)) == expected


def test_phrases(site: Site) -> None:
    site.answers["/"] = (
        200,
        {"content-type": "text/plain; charset=iso-8859-1"},
        "Grüße, error 7".encode("latin-1"),
    )
    assert ask("http", site.url, contains="Grüße", not_contains="Error").ok
    assert said(ask("http", site.url, contains="Welcome")) == (False, "Answered 200 without “Welcome”")
    assert said(ask("http", site.url, not_contains="error 7")) == (False, "Answered 200 with “error 7”")
    site.answers["/"] = (200, {"content-type": "text/plain; charset=nonsense"}, b"Welcome")
    assert ask("http", site.url, contains="Welcome").ok


def test_no_more_than_the_beginning_of_a_body_is_read(site: Site) -> None:
    site.answers["/"] = (200, {}, b"x" * (WHOLE - 4) + b"mark" + b"y" * 10_000_000 + b"end")
    assert ask("http", site.url, contains="mark").ok
    assert not ask("http", site.url, contains="end").ok
    site.answers["/"] = (
        200,
        {"content-encoding": "gzip"},
        gzip.compress(b"mark" + b"\0" * 100_000_000 + b"end"),
    )
    assert ask("http", site.url, contains="mark").ok
    assert not ask("http", site.url, contains="end").ok
    assert len(http._plain(gzip.compress(b"\0" * 100_000_000), "gzip")) == WHOLE


def test_methods(site: Site) -> None:
    for method in ("GET", "HEAD", "POST"):
        assert ask("http", site.url, method=method).ok
    assert [method for method, _path, _headers in site.seen] == ["GET", "HEAD", "POST"]


def test_redirects(site: Site) -> None:
    site.answers.update(
        {
            "/a": (301, {"location": "/b?x=1"}, b""),
            "/b?x=1": (303, {"location": f"{site.url}/"}, b""),
            "/round": (302, {"location": "/round"}, b""),
            "/mail": (302, {"location": "mailto:x@example.org"}, b""),
            "/bad": (302, {"location": "http://[::1"}, b""),
        }
    )
    assert said(ask("http", f"{site.url}/a", contains="Welcome", method="POST")) == (True, "Answered 200")
    assert [(method, path) for method, path, _headers in site.seen] == [
        ("POST", "/a"),
        ("GET", "/b?x=1"),
        ("GET", "/"),
    ]
    assert said(ask("http", f"{site.url}/a", follow_redirects=False)) == (True, "Answered 301")
    assert said(ask("http", f"{site.url}/round")) == (False, "Redirects more than 5 times")
    assert ask("http", f"{site.url}/mail").detail == "Redirects to an address that is not http or https"
    assert ask("http", f"{site.url}/bad").detail == "Redirects to an address that cannot be read"


def test_another_server_gets_none_of_the_headers(site: Site) -> None:
    other = Site()
    try:
        site.answers["/"] = (307, {"location": f"{other.url}/"}, b"")
        site.answers["/own"] = (307, {"location": "/"}, b"")
        assert ask("http", f"{site.url}/own", headers={"Authorization": "Bearer x", "X-Key": "k"}).ok
    finally:
        other.stop()
    assert [headers.get("x-key") for _method, _path, headers in site.seen] == ["k", "k"]
    [(_method, _path, headers)] = other.seen
    assert ("authorization" in headers, "x-key" in headers) == (False, False)


METADATA = "is a link-local or metadata address, and those are not checked"


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "[::ffff:168.63.129.16]",
        "[64:ff9b::a9fe:a9fe]",
    ]
    + ["[2002:a9fe:a9fe::1]", "[::169.254.169.254]", "2852039166", "0xa9fea9fe"],
)
def test_the_machines_own_secrets_are_out_of_reach(host: str) -> None:
    for kind, target in (("http", f"http://{host}/latest/"), ("tcp", f"{host}:80"), ("tls", f"{host}:443")):
        found = ask(kind, target, seconds=2)
        assert (found.ok, METADATA in found.detail) == (False, True), found


def test_a_redirect_there_is_refused_too(site: Site) -> None:
    site.answers["/"] = (302, {"location": "http://169.254.169.254/latest/"}, b"")
    found = ask("http", site.url)
    assert (found.ok, found.detail) == (False, f"169.254.169.254 {METADATA}")


def test_a_name_that_leads_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_up(*_args: Any, **_kwargs: Any) -> list[Any]:
        return [(2, 1, 6, "", (text, 80)) for text in ("192.0.2.1", "169.254.169.254")]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    found = ask("http", "http://metadata.example.org/")
    assert found.detail == f"metadata.example.org is 169.254.169.254, which {METADATA}"


def test_a_private_network_may_be_watched(site: Site) -> None:
    assert ask("http", f"http://localhost:{site.port}/").ok
    assert ask("tcp", f"localhost:{site.port}").ok


def test_nobody_listens(closed: int) -> None:
    for kind, target in (("http", f"http://127.0.0.1:{closed}"), ("tcp", f"127.0.0.1:{closed}")):
        assert said(ask(kind, target)) == (False, "Connection refused")
    assert said(ask("tls", f"127.0.0.1:{closed}")) == (False, "Connection refused")


def test_there_is_no_such_host() -> None:
    assert ask("tcp", "nothing.invalid:80").detail in (
        "There is no host nothing.invalid",
        "The name nothing.invalid cannot be looked up",
    )


def test_a_look_up_that_hangs_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: go.wait(20) and [])
    started = time.monotonic()
    found = ask("http", "http://slow.example.org/", seconds=0.3)
    go.set()
    assert time.monotonic() - started < 2
    assert found.detail == "The name slow.example.org was not looked up within 0.3 s"


def drip(beginning: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    """A server that always sends a little more."""

    def behave(connected: socket.socket) -> None:
        connected.sendall(beginning)
        while True:
            connected.sendall(drop)
            # The server's pace; nothing waits for it.
            time.sleep(0.05)

    return behave


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(silent, id="silent"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"), id="headers without end"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), id="body without end"),
    ],
)
def test_the_time_is_bounded_as_a_whole(script: Any, behave: Any) -> None:
    port = script(behave)
    found = ask("http", f"http://127.0.0.1:{port}/", seconds=0.5, contains="never")
    assert said(found) == (False, "No answer within 0.5 s")
    assert 400 <= found.milliseconds < 2500


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\xff" * 200_000,
        b"HTTP/1.1 200 OK\r\na\r\n\r\n",
    ],
)
def test_no_http_is_an_outcome(script: Any, bytes_sent: bytes) -> None:
    port = script(lambda connected: connected.recv(100) and connected.sendall(bytes_sent))
    found = ask("http", f"http://127.0.0.1:{port}/")
    assert not found.ok
    assert found.detail


@pytest.mark.parametrize(
    "target", ["", "http://", "x:y", "\x00", "http://[", "a" * 600, "https://exa mple/", "☃:1"]
)
@pytest.mark.parametrize("kind", ["http", "tcp", "tls", "dns", "ping"])
def test_a_bad_target_is_an_outcome(kind: str, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "resolver", lambda: asking(9))
    found = ask(kind, target, seconds=0.5)
    assert not found.ok
    assert found.detail


def test_tcp(site: Site) -> None:
    found = ask("tcp", f"127.0.0.1:{site.port}")
    assert said(found) == (True, "Connected")
