"""Asking a server once whether it is well. Knows no database; a bad target is an outcome, never an error."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
from collections.abc import Mapping
from typing import Any, NamedTuple

import dns.exception
import dns.resolver
from cryptography import x509
from dns.rdtypes.txtbase import TXTBase

from alerts.checks import http
from alerts.checks.reach import Deadline, Unreachable, addresses_of, context, trouble
from alerts.checks.settings import fields_of, host_and_port
from alerts.choices import CheckKind
from core import clock
from core.text import one_line

MAX_DETAIL = 300
_DAY = dt.timedelta(days=1)
_SHOWN = 4


class Outcome(NamedTuple):
    """What was seen: whether it is well, one sentence about it, and how long it took."""

    ok: bool
    detail: str
    milliseconds: int


def probe(
    kind: str,
    target: str,
    settings: Mapping[str, Any],
    headers: Mapping[str, str],
    timeout_seconds: float,
) -> Outcome:
    """Ask once; takes hardly longer than `timeout_seconds`, and reads at most 256 KB of an answer."""
    deadline = Deadline(timeout_seconds)
    known = {field.name: field.default for field in fields_of(kind)} | dict(settings)
    try:
        ok, detail = True, _ask(kind, target, known, headers, deadline)
    except Unreachable as error:
        ok, detail = False, str(error)
    return Outcome(ok, one_line(detail, MAX_DETAIL), deadline.milliseconds)


def _ask(
    kind: str, target: str, settings: Mapping[str, Any], headers: Mapping[str, str], deadline: Deadline
) -> str:
    if kind == CheckKind.HTTP:
        return http.ask(target, settings, headers, deadline)
    if kind == CheckKind.DNS:
        return _dns(target, settings, deadline)
    if kind not in (CheckKind.TCP, CheckKind.TLS):
        raise Unreachable("This worker does not know checks of this kind; it may be too old")
    try:
        host, port = host_and_port(target)
    except ValueError:
        raise Unreachable("The target of this check cannot be read") from None
    addresses = addresses_of(host, port, deadline)
    if kind == CheckKind.TCP:
        return _tcp(host, port, addresses, deadline)
    return _tls(host, _certificate(host, port, addresses, deadline, bool(settings["verify"])), settings)


def _tcp(host: str, port: int, addresses: list[str], deadline: Deadline) -> str:
    failed: OSError | None = None
    for number, address in enumerate(addresses):
        try:
            share = deadline.left / (len(addresses) - number)
            with socket.create_connection((address, port), timeout=share):
                return f"Connected in {deadline.milliseconds} ms"
        except OSError as error:
            failed = error
    if failed is None or isinstance(failed, TimeoutError):
        raise deadline.missed()
    raise Unreachable(trouble(failed, host))


def _certificate(host: str, port: int, addresses: list[str], deadline: Deadline, verify: bool) -> bytes:
    """The server's certificate (DER), after a handshake."""
    try:
        return asyncio.run(_handshake(host, port, addresses, deadline, verify))
    except TimeoutError:
        raise deadline.missed() from None
    except (OSError, ValueError) as error:
        raise Unreachable(trouble(error, host)) from None


async def _handshake(host: str, port: int, addresses: list[str], deadline: Deadline, verify: bool) -> bytes:
    async with asyncio.timeout(deadline.left):
        for number, address in enumerate(addresses):
            last = number == len(addresses) - 1
            try:
                async with asyncio.timeout(deadline.left / (len(addresses) - number)):
                    _reader, writer = await asyncio.open_connection(
                        address, port, ssl=context(verify), server_hostname=host
                    )
            except OSError:
                if last:
                    raise
                continue
            try:
                found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            finally:
                writer.transport.abort()
            if found:
                return bytes(found)
    raise Unreachable(f"{host} shows no certificate")


def _tls(host: str, certificate: bytes, settings: Mapping[str, Any]) -> str:
    try:
        ends = x509.load_der_x509_certificate(certificate).not_valid_after_utc
    except ValueError:
        raise Unreachable(f"The certificate of {host} cannot be read") from None
    left = ends - clock.now()
    if left <= dt.timedelta():
        raise Unreachable(f"Certificate of {host} ended {_length(-left)} ago")
    if left < settings["days"] * _DAY:
        raise Unreachable(f"Certificate of {host} ends in {_length(left)}")
    return f"Certificate of {host} is good for {_length(left)}"


def _length(length: dt.timedelta) -> str:
    """Whole days, or hours when it is less than one."""
    number, unit = length // _DAY, "day"
    if not number:
        number, unit = length // dt.timedelta(hours=1), "hour"
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _dns(name: str, settings: Mapping[str, Any], deadline: Deadline) -> str:
    record, wanted = settings["record"], settings["contains"]
    try:
        answer = resolver().resolve(
            name, record, lifetime=deadline.left, search=False, raise_on_no_answer=True
        )
    except dns.resolver.NXDOMAIN:
        raise Unreachable(f"There is no name {name}") from None
    except dns.resolver.NoAnswer:
        raise Unreachable(f"{name} has no {record} record") from None
    except dns.resolver.LifetimeTimeout:
        raise Unreachable(f"No name server answered within {deadline.seconds:g} s") from None
    except dns.resolver.NoNameservers:
        raise Unreachable(f"The name servers could not answer for {name}") from None
    except (dns.exception.DNSException, OSError, UnicodeError, ValueError) as error:
        raise Unreachable(f"{name} cannot be asked for: {error or type(error).__name__}") from None
    found = [_record(each) for each in answer]
    shown = ", ".join(sorted(found)[:_SHOWN]) + ("…" if len(found) > _SHOWN else "")
    if wanted and not any(wanted.lower() in each.lower() for each in found):
        raise Unreachable(f"{record} of {name} is {shown}; expected {wanted}")
    return f"{record} of {name} is {shown}"


def resolver() -> dns.resolver.Resolver:
    """One that asks this machine's name servers, as they are set up now, and remembers nothing."""
    return dns.resolver.Resolver(configure=True)


def _record(data: Any) -> str:
    if isinstance(data, TXTBase):
        return b"".join(data.strings).decode("utf-8", "replace")
    return str(data.to_text()).rstrip(".")
