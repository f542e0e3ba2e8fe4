"""Servers for probes: what they answer is told by the test. Fixtures are imported where they are used."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dns.resolver
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from alerts.checks.probes import Outcome, probe


class Handler(BaseHTTPRequestHandler):
    """Answers by path; notes what came."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        seen: list[Any] = self.server.seen  # type: ignore[attr-defined]
        seen.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.rfile.read(int(self.headers.get("content-length", 0)))
        status, headers, body = self.server.answers[self.path]  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "content-length" not in headers:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            try:
                self.wfile.write(body)
            except OSError:
                pass

    do_POST = do_HEAD = do_GET

    def log_message(self, *_args: Any) -> None:
        pass


class Site:
    """A server on this machine; `answers`: path → (status, headers, body)."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
            self.server.handle_error = lambda *_args: None  # type: ignore[method-assign]
        self.server.daemon_threads = True
        self.server.answers = {"/": (200, {}, b"Welcome")}  # type: ignore[attr-defined]
        self.server.seen = []  # type: ignore[attr-defined]
        self.port = self.server.server_address[1]
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}"
        threading.Thread(target=partial(self.server.serve_forever, 0.02), daemon=True).start()

    @property
    def answers(self) -> dict[str, tuple[int, dict[str, str], bytes]]:
        return self.server.answers  # type: ignore[attr-defined,no-any-return]

    @property
    def seen(self) -> list[tuple[str, str, dict[str, str]]]:
        return self.server.seen  # type: ignore[attr-defined,no-any-return]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.stop()


@pytest.fixture
def script() -> Iterator[Callable[[Callable[[socket.socket], None]], int]]:
    """A server that does with each connection what it is told; gives its port."""
    listening: list[socket.socket] = []

    def start(behave: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listening.append(listener)

        def serve() -> None:
            while True:
                try:
                    connected, _address = listener.accept()
                except OSError:
                    return
                with connected:
                    try:
                        behave(connected)
                    except OSError:
                        pass

        threading.Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for each in listening:
        each.shutdown(socket.SHUT_RDWR)
        each.close()


def ask(
    kind: str, target: str, headers: dict[str, str] | None = None, seconds: float = 5, **given: Any
) -> Outcome:
    return probe(kind, target, given, headers or {}, seconds)


def silent(connected: socket.socket) -> None:
    """A server that listens until the other side goes, and says nothing."""
    while connected.recv(4096):
        pass


def said(outcome: Outcome) -> tuple[bool, str]:
    """The outcome with its milliseconds taken out of the sentence."""
    return outcome.ok, outcome.detail.replace(f" in {outcome.milliseconds} ms", "").replace(
        f" in {outcome.milliseconds - 1} ms", ""
    )


def asking(port: int) -> dns.resolver.Resolver:
    made = dns.resolver.Resolver(configure=False)
    made.nameservers, made.port = ["127.0.0.1"], port
    return made


class Authority:
    """Makes certificates that `reach.trusted` is told to trust."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.certificate = self._sign(self.name, self.key, dt.timedelta(days=900), None)

    def _sign(self, subject: x509.Name, key: Any, length: dt.timedelta, host: str | None) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=100))
            .not_valid_after(now + length)
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
        )
        if host is not None:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return made.sign(self.key, hashes.SHA256())

    def context(self, length: dt.timedelta, host: str = "localhost") -> ssl.SSLContext:
        """What a server shows whose certificate ends after `length`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        path = self.folder / f"{x509.random_serial_number()}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + self._sign(subject, key, length, host).public_bytes(serialization.Encoding.PEM)
        )
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found.load_cert_chain(path)
        return found
