"""Probes of certificates and names against real servers."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from cryptography.hazmat.primitives import serialization

from alerts.checks import probes, reach
from tests.alerts.check_servers import Authority, Site, ask, asking, said, silent
from tests.alerts.check_servers import script as script
from tests.alerts.check_servers import site as site


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    pem = made.certificate.public_bytes(serialization.Encoding.PEM).decode()
    trusting = ssl.create_default_context(cadata=pem)
    monkeypatch.setattr(reach, "trusted", lambda: trusting)
    return made


@pytest.fixture
def secure(authority: Authority) -> Iterator[Callable[..., Site]]:
    made: list[Site] = []

    def start(days: float, host: str = "localhost") -> Site:
        made.append(Site(authority.context(dt.timedelta(days=days, hours=1), host)))
        return made[-1]

    yield start
    for each in made:
        each.stop()


def test_certificates(secure: Callable[..., Site]) -> None:
    def seen(site: Site, **given: Any) -> tuple[bool, str]:
        return said(ask("tls", f"localhost:{site.port}", **given))

    long = secure(60)
    assert seen(long) == (True, "Certificate of localhost is good for 60 days")
    assert seen(long, days=61) == (False, "Certificate of localhost ends in 60 days")
    assert seen(secure(9)) == (False, "Certificate of localhost ends in 9 days")
    assert seen(secure(1), days=0) == (True, "Certificate of localhost is good for 1 day")
    assert seen(secure(0.25)) == (False, "Certificate of localhost ends in 6 hours")
    over = secure(-3.5)
    assert seen(over) == (False, "The certificate of localhost has expired")
    assert seen(over, verify=False) == (False, "Certificate of localhost ended 3 days ago")
    other = secure(60, "example.org")
    assert seen(other) == (False, "The certificate of localhost is made for another name")
    assert seen(other, verify=False) == (True, "Certificate of localhost is good for 60 days")


def test_https(secure: Callable[..., Site]) -> None:
    site, other, over = secure(60), secure(60, "example.org"), secure(-1)
    assert said(ask("http", f"https://localhost:{site.port}/", contains="Welcome")) == (True, "Answered 200")
    assert site.seen[0][2]["host"] == f"localhost:{site.port}"
    assert said(ask("http", f"https://localhost:{other.port}/")) == (
        False,
        "The certificate of localhost is made for another name",
    )
    assert ask("http", f"https://localhost:{over.port}/").detail == "The certificate of localhost has expired"
    assert ask("http", f"https://localhost:{over.port}/", verify_tls=False).ok


def test_whom_nobody_vouches_for(secure: Callable[..., Site], monkeypatch: pytest.MonkeyPatch) -> None:
    site = secure(60)
    monkeypatch.setattr(reach, "trusted", ssl.create_default_context)
    for kind, target in (("tls", f"localhost:{site.port}"), ("http", f"https://localhost:{site.port}")):
        found = ask(kind, target)
        assert (found.ok, found.detail.startswith("The certificate of localhost is not trusted: ")) == (
            False,
            True,
        )


def test_no_tls_there(site: Site, script: Any) -> None:
    found = ask("tls", f"localhost:{site.port}")
    assert (found.ok, found.detail.startswith("TLS with localhost failed: ")) == (False, True), found
    port = script(silent)
    slow = ask("tls", f"localhost:{port}", seconds=0.5)
    assert (slow.detail, slow.milliseconds < 2500) == ("No answer within 0.5 s", True)


ZONE = {
    ("example.org.", "A"): ["192.0.2.1", "192.0.2.2"],
    ("example.org.", "MX"): ["10 mail.example.org."],
    ("example.org.", "TXT"): ['"v=spf1 " "-all"'],
    ("www.example.org.", "CNAME"): ["example.org."],
}


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A name server for `ZONE`; `broken.` fails and `silent.` gets no answer."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                wire, address = listener.recvfrom(4096)
            except OSError:
                return
            if not wire:
                return
            query = dns.message.from_wire(wire)
            name, kind = query.question[0].name.to_text(), dns.rdatatype.to_text(query.question[0].rdtype)
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.RA
            if name == "silent.":
                continue
            if name == "broken.":
                reply.set_rcode(dns.rcode.SERVFAIL)
            elif (name, kind) in ZONE:
                reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *ZONE[name, kind]))
            elif not any(known == name for known, _kind in ZONE):
                reply.set_rcode(dns.rcode.NXDOMAIN)
            listener.sendto(reply.to_wire(), address)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    monkeypatch.setattr(probes, "resolver", lambda: asking(listener.getsockname()[1]))
    yield
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as goodbye:
        goodbye.sendto(b"", listener.getsockname())
    thread.join(5)
    listener.close()


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize(
    ("name", "record", "contains", "expected"),
    [
        ("example.org", "A", "", (True, "A of example.org is 192.0.2.1, 192.0.2.2")),
        ("example.org", "A", "192.0.2.2", (True, "A of example.org is 192.0.2.1, 192.0.2.2")),
        (
            "example.org",
            "A",
            "192.0.2.9",
            (False, "A of example.org is 192.0.2.1, 192.0.2.2; expected 192.0.2.9"),
        ),
        ("example.org", "MX", "MAIL.example.org", (True, "MX of example.org is 10 mail.example.org")),
        ("example.org", "TXT", "v=spf1 -all", (True, "TXT of example.org is v=spf1 -all")),
        ("www.example.org", "CNAME", "example.org", (True, "CNAME of www.example.org is example.org")),
        ("example.org", "NS", "", (False, "example.org has no NS record")),
        ("nothing.example.org", "A", "", (False, "There is no name nothing.example.org")),
        ("broken", "A", "", (False, "The name servers could not answer for broken")),
        ("silent", "A", "", (False, "No name server answered within 0.5 s")),
    ],
)
def test_names(name: str, record: str, contains: str, expected: tuple) -> None:
    found = ask("dns", name, seconds=0.5, record=record, contains=contains)
    assert (found.ok, found.detail) == expected
