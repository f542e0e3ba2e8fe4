"""What the tests of this room share: asking for a page, transports that only note, local servers."""

from __future__ import annotations

import datetime as dt
import http.server
import socket
import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from notifications.actions.pages import PageRequest, request_pages
from notifications.models import Delivery
from notifications.transports.base import Outgoing, Receipt, TransportError

NOW = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)


def page(
    *user_ids: int,
    key: str = "1/0/0",
    subject: str = "incident:42",
    lane: str = "svc:7",
    title: str = "Payments failing",
    urgency: str = "high",
    team_id: int | None = None,
    now: dt.datetime = NOW,
) -> dict[int, str]:
    """Ask for a page, as the escalation engine does."""
    request = PageRequest(
        key_prefix=key,
        source=f"run:{key.partition('/')[0]}",
        subject_key=subject,
        lane=lane,
        urgency=urgency,
        team_id=team_id,
        title=title,
        body="Card payments fail in the EU.",
        url_path="/incidents/42/",
    )
    return request_pages(request=request, user_ids=user_ids, now=now)


def table(*fields: str) -> list[tuple[Any, ...]]:
    """The deliveries as rows, oldest first."""
    return list(Delivery.objects.order_by("pk").values_list(*fields))


class FakeTransport:
    """Notes what it is given. `answers` are used up in turn: None accepts, an exception is raised."""

    def __init__(self, *answers: TransportError | None, remote: bool = False) -> None:
        self.sent: list[Outgoing] = []
        self.answers: list[TransportError | None] = list(answers)
        self.always: TransportError | None = None
        self.is_remote = remote
        self.before: Any = None

    def remote(self) -> bool:
        return self.is_remote

    def provider(self, outgoing: Outgoing) -> str:
        return "fake.example"

    def send(self, outgoing: Outgoing, *, limit: float) -> Receipt:
        self.sent.append(outgoing)
        if self.before:
            self.before(outgoing)
        error = self.answers.pop(0) if self.answers else self.always
        if error:
            raise error
        return Receipt(provider_id=f"fake-{len(self.sent)}")


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
        self.wfile.write(b"220 stand-in ESMTP\r\n")
        while line := self.rfile.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"EHLO":
                self.wfile.write(b"250-stand-in\r\n250 SMTPUTF8\r\n")
            elif verb == b"RCPT" and server.refusal:
                self.wfile.write(server.refusal + b"\r\n")
            elif verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines: list[bytes] = []
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(part)
                server.mails.append(b"".join(lines))
                self.wfile.write(b"250 queued\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


class _Threading(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    refusal = b""
    mails: list[bytes]


@contextmanager
def smtp_server(refusal: bytes = b"") -> Iterator[_Threading]:
    """An SMTP server that keeps what it gets in `mails`; `refusal` is its answer to every recipient."""
    with _Threading(("127.0.0.1", 0), _Smtp) as server:
        server.mails, server.refusal = [], refusal
        yield from _served(server)


class _Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["content-length"]))
        server.calls.append((dict(self.headers.items()), self.path, body))
        status, headers, answer = server.answers.pop(0) if server.answers else (204, {}, b"")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args: object) -> None:
        pass


class _Hooks(http.server.ThreadingHTTPServer):
    daemon_threads = True
    calls: list[tuple[dict[str, str], str, bytes]]
    answers: list[tuple[int, dict[str, str], bytes]]


@contextmanager
def hook_server(answers: Sequence[tuple[int, dict[str, str], bytes]] = ()) -> Iterator[_Hooks]:
    """An HTTP server that keeps calls as (headers, path, body) and gives `answers` in turn, then 204."""
    with _Hooks(("127.0.0.1", 0), _Hook) as server:
        server.calls, server.answers = [], list(answers)
        yield from _served(server)


def _served(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
