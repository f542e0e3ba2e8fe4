"""What each kind of check may be told, and the reading of it. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import dns.exception
import dns.name
import httpx
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alerts.checks.reach import refused
from alerts.choices import CheckKind
from core.errors import InvalidInput, field_error

MAX_TARGET = 500
MAX_PHRASE = 300
MAX_HEADERS, MAX_HEADER_NAME, MAX_HEADER_VALUE = 20, 100, 2000
METHODS = ("GET", "HEAD", "POST")
RECORDS = ("A", "AAAA", "CNAME", "MX", "TXT", "NS")
# (least, most) of what every kind has; the numbers of the table's own constraint.
BOUNDS = {"interval_seconds": (20, 86_400), "timeout_seconds": (1, 60), "needed": (2, 20)}

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_SPAN = re.compile(r"([1-5]\d\d)(?:-([1-5]\d\d))?")
_PORT = re.compile(r"[0-9]{1,5}")
# The client sets these by what it sends.
_OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"})


class Field(NamedTuple):
    """One setting of a kind. `type`: choice, text, flag or number; `choices` of a choice, `most` of the others."""

    name: str
    type: str
    default: Any
    label: str | Promise
    help: str | Promise = ""
    choices: tuple[str, ...] = ()
    most: int = MAX_PHRASE


_FIELDS: dict[str, tuple[Field, ...]] = {
    CheckKind.HTTP: (
        Field("method", "choice", "GET", _("Method"), choices=METHODS),
        Field("statuses", "text", "200-399", _("Good answers"), _("Status codes: 200-299,301"), most=100),
        Field("contains", "text", "", _("The answer contains"), _("In its first 256 KB; empty: anything.")),
        Field("not_contains", "text", "", _("The answer does not contain")),
        Field("follow_redirects", "flag", True, _("Follow redirects")),
        Field("verify_tls", "flag", True, _("The certificate must be valid")),
    ),
    CheckKind.TCP: (),
    CheckKind.TLS: (
        Field(
            "days",
            "number",
            14,
            _("Days left"),
            _("Fails when the certificate ends sooner than that."),
            most=365,
        ),
        Field("verify", "flag", True, _("It must be trusted and made for this name")),
    ),
    CheckKind.DNS: (
        Field("record", "choice", "A", _("Record"), choices=RECORDS),
        Field("contains", "text", "", _("One of the answers is"), _("Or contains it; empty: any answer.")),
    ),
}


def fields_of(kind: str) -> tuple[Field, ...]:
    """The settings of one kind, in the order of a form; none for an unknown one."""
    return _FIELDS.get(kind, ())


def read(
    kind: str, target: Any, settings: Mapping[str, Any] | None, headers: Mapping[str, Any] | None
) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Target, settings (each of the kind's, defaults filled in) and headers as they are stored.

    `InvalidInput` names what is wrong: `kind`, `target`, `headers`, or the setting's own name.
    """
    if kind not in CheckKind.values:
        raise field_error("kind", f"One of {', '.join(CheckKind.values)}.")
    if not isinstance(target, str):
        raise field_error("target", "Must be text.")
    given = dict(settings or {})
    known = {each.name: each for each in fields_of(kind)}
    unknown = sorted(str(name)[:60] for name in set(given) - set(known))
    if unknown:
        raise InvalidInput(fields={name: ["There is no such setting."] for name in unknown[:10]})
    found = {name: _value(each, given.get(name)) for name, each in known.items()}
    if kind == CheckKind.HTTP:
        found["statuses"] = _statuses_text(found["statuses"])
    if headers and kind != CheckKind.HTTP:
        raise field_error("headers", "Only an HTTP check sends headers.")
    return _TARGETS[kind](target.strip()), found, read_headers(headers or {})


def read_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    """Checked headers of a request: no control characters, a value for each, none the client sets itself."""
    if len(headers) > MAX_HEADERS:
        raise field_error("headers", f"At most {MAX_HEADERS} headers.")
    found: dict[str, str] = {}
    for name, value in headers.items():
        shown = str(name)[:40]
        if not isinstance(name, str) or len(name) > MAX_HEADER_NAME or not _TOKEN.fullmatch(name):
            raise field_error("headers", f"“{shown}” is no name of a header.")
        if name.lower() in _OWN_HEADERS or name.lower() in {each.lower() for each in found}:
            raise field_error("headers", f"“{shown}” cannot be set, or stands there twice.")
        if not isinstance(value, str) or len(value) > MAX_HEADER_VALUE or not _VALUE.fullmatch(value):
            raise field_error("headers", f"The value of “{shown}” is too long or holds what no header can.")
        found[name] = value.strip()
    return found


def statuses_of(text: str) -> list[tuple[int, int]]:
    """`200-299,301` as inclusive ranges; ValueError for anything else."""
    found = []
    for part in text.replace(" ", "").split(","):
        match = _SPAN.fullmatch(part)
        if match is None:
            raise ValueError(part)
        least, most = int(match[1]), int(match[2] or match[1])
        if least > most:
            raise ValueError(part)
        found.append((least, most))
    return found


def host_and_port(target: str) -> tuple[str, int]:
    """`name:port` or `[v6]:port` taken apart; ValueError when it is neither."""
    host, _colon, port = target.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    if not host or not _PORT.fullmatch(port) or not 0 < int(port) < 65_536:
        raise ValueError(target)
    if bracketed:
        ipaddress.IPv6Address(host)
    elif ":" in host or not _is_name(host):
        raise ValueError(target)
    return host, int(port)


def _value(field: Field, value: Any) -> Any:
    if value is None:
        return field.default
    if field.type == "flag":
        if not isinstance(value, bool):
            raise field_error(field.name, "true or false.")
        return value
    if field.type == "number":
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= field.most:
            raise field_error(field.name, f"A whole number from 0 to {field.most}.")
        return value
    if not isinstance(value, str):
        raise field_error(field.name, "Must be text.")
    if field.type == "choice":
        if value not in field.choices:
            raise field_error(field.name, f"One of {', '.join(field.choices)}.")
        return value
    if len(value) > field.most or not value.isprintable():
        raise field_error(field.name, f"At most {field.most} characters, in one line.")
    return value


def _statuses_text(text: str) -> str:
    try:
        spans = statuses_of(text)
    except ValueError:
        raise field_error("statuses", "Codes and ranges from 100 to 599, such as 200-299,301.") from None
    return ",".join(str(least) if least == most else f"{least}-{most}" for least, most in spans)


def _is_name(host: str) -> bool:
    """Whether it can be a host's name or an IPv4 address."""
    try:
        return (
            len(dns.name.from_text(host).to_wire() or b"") > 1
            and host.isprintable()
            and not set(host) & set(" /@\\?#%")
        )
    except (dns.exception.DNSException, UnicodeError, ValueError):
        return False


def _http_target(target: str) -> str:
    try:
        parts = urlsplit(target)
        port = parts.port
        host = parts.hostname or ""
        _reached = httpx.URL(target).raw_host
    except (ValueError, httpx.InvalidURL):
        raise field_error("target", "This is not a valid address.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise field_error("target", "An address that begins with https:// or http:// and names a host.")
    if "@" in parts.netloc:
        raise field_error(
            "target", "The address must not hold a user name or password; send a header instead."
        )
    if port == 0 or len(target) > MAX_TARGET or not target.isprintable() or " " in target:
        raise field_error("target", f"At most {MAX_TARGET} characters, without spaces.")
    if not (":" in host or _is_name(host)):
        raise field_error("target", "This is not a valid address.")
    _no_secrets(host)
    return target


def _no_secrets(host: str) -> None:
    """What probes refuse is said when it is typed, if it is an address; names are judged when they are looked up."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    if refused(address):
        raise field_error("target", "Link-local and metadata addresses are not checked.")


def _server_target(target: str) -> str:
    try:
        host, port = host_and_port(target)
    except ValueError:
        raise field_error("target", "A host and a port: db.example.org:5432 or [2001:db8::1]:5432.") from None
    if len(target) > MAX_TARGET:
        raise field_error("target", f"At most {MAX_TARGET} characters.")
    _no_secrets(host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _tls_target(target: str) -> str:
    """A name alone means port 443."""
    bare = target.endswith("]") if target.startswith("[") else ":" not in target
    return _server_target(f"{target}:443" if bare and target else target)


def _dns_target(target: str) -> str:
    if len(target) > 253 or not target or not _is_name(target):
        raise field_error("target", "A name such as example.org.")
    return target.rstrip(".")


_TARGETS: dict[str, Callable[[str], str]] = {
    CheckKind.HTTP: _http_target,
    CheckKind.TCP: _server_target,
    CheckKind.TLS: _tls_target,
    CheckKind.DNS: _dns_target,
}
