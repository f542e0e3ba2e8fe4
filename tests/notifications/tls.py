"""Certificates of an authority that lives as long as the test, and a mail server that speaks TLS."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import socketserver
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.notifications.support import _served

_BEGIN = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_END = dt.datetime(2060, 1, 1, tzinfo=dt.UTC)


class Authority:
    """Makes server certificates. `path` is the file with its own certificate, to be trusted or not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Test authority")
        builder = _builder(self._name, self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.path = folder / "authority.pem"
        self.path.write_bytes(_pem(builder.sign(self._key, hashes.SHA256())))

    def context(self, *names: str, until: dt.datetime = _END) -> ssl.SSLContext:
        """What a server of these names and addresses speaks with."""
        key = ec.generate_private_key(ec.SECP256R1())
        found = [_address(name) or x509.DNSName(name) for name in names]
        builder = _builder(_named(names[0]), self._name, key.public_key(), until)
        builder = builder.add_extension(x509.SubjectAlternativeName(found), critical=False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self._folder / f"{'-'.join(names)}.pem"
        path.write_bytes(private + _pem(builder.sign(self._key, hashes.SHA256())))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _address(text: str) -> x509.IPAddress | None:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return None


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, until: dt.datetime = _END
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(_BEGIN).not_valid_after(until)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


class _Mail(socketserver.BaseRequestHandler):
    """Notes each command with whether it came encrypted; never takes a password in clear."""

    server: MailServer

    def handle(self) -> None:
        self.secure = False
        try:
            if self.server.implicit:
                self._wrap()
            self._talk()
        except (ssl.SSLError, ConnectionError) as error:
            self.server.failures.append(type(error).__name__)
        finally:
            self.request.close()

    def _wrap(self) -> None:
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.secure = True

    def _talk(self) -> None:
        stream = self.request.makefile("rb")
        self._say(b"220 stand-in ESMTP")
        while line := stream.readline():
            verb = line.split()[0].upper().decode() if line.split() else ""
            self.server.commands.append((verb, self.secure))
            if verb == "EHLO":
                offers = [b"stand-in"]
                if self.secure:
                    offers.append(b"AUTH PLAIN")
                elif self.server.offers_tls:
                    offers.append(b"STARTTLS")
                self._say(*[b"250-" + each for each in offers[:-1]], b"250 " + offers[-1])
            elif verb == "STARTTLS":
                self._say(b"220 go on")
                self._wrap()
                stream = self.request.makefile("rb")
            elif verb == "AUTH":
                given = base64.b64decode(line.split()[2]).decode().split("\0")[1:]
                right = self.secure and tuple(given) == self.server.login
                self._say(b"235 welcome" if right else b"535 wrong name or password")
            elif verb == "DATA":
                self._say(b"354 go on")
                mail = b""
                while (part := stream.readline()) not in (b".\r\n", b""):
                    mail += part
                self.server.mails.append(mail)
                self._say(self.server.verdict)
            elif verb == "QUIT":
                self._say(b"221 bye")
                return
            else:
                self._say(b"250 ok")

    def _say(self, *lines: bytes) -> None:
        self.request.sendall(b"".join(line + b"\r\n" for line in lines))


class MailServer(socketserver.ThreadingTCPServer):
    """`commands`: (verb, encrypted) as they came; `verdict`: its answer to each mail."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, context: ssl.SSLContext, *, implicit: bool, offers_tls: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.context, self.implicit, self.offers_tls = context, implicit, offers_tls
        self.commands: list[tuple[str, bool]] = []
        self.mails: list[bytes] = []
        self.failures: list[str] = []
        self.login = ("watch", "p@ss/word")
        self.verdict = b"250 queued"

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@contextmanager
def mail_server(
    context: ssl.SSLContext, *, implicit: bool = False, offers_tls: bool = True
) -> Iterator[MailServer]:
    """A mail server: TLS from the start when `implicit`, else after STARTTLS if it `offers_tls`."""
    with MailServer(context, implicit=implicit, offers_tls=offers_tls) as server:
        yield from _served(server)


@contextmanager
def secure_hooks(context: ssl.SSLContext) -> Iterator[tuple[Any, list[str | None]]]:
    """A server as `hook_server` by https, and the names callers ask it for."""
    from tests.notifications.support import _Hook, _Hooks

    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with _Hooks(("127.0.0.1", 0), _Hook) as server:
        server.calls, server.answers = [], []
        server.socket = context.wrap_socket(server.socket, server_side=True)
        for each in _served(server):
            yield each, asked
