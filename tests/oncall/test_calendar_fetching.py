"""Where a foreign calendar may be fetched from, and how much of it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from oncall.calendars import fetching
from oncall.calendars.fetching import Fetched, FetchFailed, fetch, host_of, plain_url, url_fault
from oncall.calendars.text import MAX_BYTES
from tests.oncall.calendar_server import calendar_server


@pytest.fixture
def local(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.WEBHOOK_ALLOWED_PORTS = ((1, 65535),)


def refusal(url: str) -> str:
    with pytest.raises(FetchFailed) as failed:
        fetch(url)
    assert "secret" not in str(failed.value)
    return str(failed.value)


@pytest.mark.usefixtures("local")
def test_a_calendar_comes_with_its_marks_and_is_asked_for_by_them_again() -> None:
    with calendar_server() as server:
        server.give(b"BEGIN", ETag='"7"', Last_Modified="Fri, 20 Nov 2026 12:00:00 GMT")
        assert fetch(server.url) == Fetched(b"BEGIN", '"7"', "Fri, 20 Nov 2026 12:00:00 GMT")
        server.give(b"", 304)
        assert fetch(server.url, etag='"7"', last_modified="Fri, 20 Nov 2026 12:00:00 GMT") == Fetched(None)
        headers = server.calls[1][1]
    assert (headers["if-none-match"], headers["if-modified-since"], headers["accept-encoding"]) == (
        '"7"',
        "Fri, 20 Nov 2026 12:00:00 GMT",
        "identity",
    )


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_an_error_is_told_with_the_host_alone(status: int) -> None:
    with calendar_server() as server:
        server.give(b"secret", status)
        assert refusal(server.url) == f"127.0.0.1 answered HTTP {status}."


@pytest.mark.usefixtures("local")
def test_three_redirects_are_followed_each_checked(settings: Any) -> None:
    with calendar_server() as server:
        server.give(b"", 302, Location="/cal/again.ics")
        assert refusal(server.url) == "The calendar redirects more than 3 times."
        assert [path for path, _headers in server.calls] == ["/cal/secret-4711.ics", *["/cal/again.ics"] * 3]
        server.give(b"", 301, Location="http://169.254.169.254/latest/")
        assert "private network" in refusal(server.url)
        server.give(b"", 307, Location="file:///etc/passwd")
        assert "must begin with https" in refusal(server.url)
        server.give(b"", 307, Location="http://[broken/")
        assert refusal(server.url).endswith(".")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/cal",
        "http://2130706433/cal",
        "http://[::1]/cal",
        "http://[::ffff:10.0.0.1]/cal",
        "http://169.254.169.254/cal",
        "http://localhost/cal",
        "ftp://example.com/cal",
        "https://user:secret@example.com/cal",
        "https://example.com:22/cal",
    ],
)
def test_where_it_may_not_go(url: str) -> None:
    assert refusal(url)


@pytest.mark.usefixtures("local")
def test_size_and_time_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with calendar_server() as server:
        server.give(b"x" * (MAX_BYTES + 1))
        assert refusal(server.url) == "The calendar is larger than 2 MB."
        server.give(b"x", Content_Encoding="gzip")
        assert "compressed" in refusal(server.url)
        monkeypatch.setattr(fetching, "SECONDS", 0.5)
        server.give(b"x" * 65536 * 20)
        server.pause = 0.1
        started = time.monotonic()
        assert refusal(server.url) == "127.0.0.1 did not answer within 0.5 s."
        assert time.monotonic() - started < 1.5
    assert "No connection to 127.0.0.1" in refusal(server.url)


def test_addresses_as_typed() -> None:
    assert plain_url(" webcal://example.com/a.ics ") == "https://example.com/a.ics"
    assert plain_url("https://example.com/a.ics") == "https://example.com/a.ics"
    assert url_fault("https://example.com/a.ics") == ""
    assert "open for calendars" in url_fault("https://example.com:22/a.ics")
    assert host_of("https://example.com/secret.ics") == "example.com"
