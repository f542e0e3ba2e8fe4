"""Which addresses an outgoing webhook may reach: public ones, on the ports that are open for it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from notifications.transports.base import TransportError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PORTS: tuple[tuple[int, int], ...] = ((80, 80), (443, 443), (8000, 9000))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
_TRIED = 3


@dataclass(frozen=True)
class Target:
    """A URL with the addresses that were checked; only these are connected to."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]


def check_url(url: str) -> str:
    """Why this URL cannot be a webhook's, "" when it can. Looks at the text alone, asks no name server."""
    try:
        _parts(url)
    except TransportError as error:
        return error.message
    return ""


def resolve(url: str) -> Target:
    """Look the host up and check every address; raises `TransportError`, permanent when it is forbidden."""
    parts, port = _parts(url)
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise TransportError(f"The name {host} cannot be looked up: {error}.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in addresses:
        if not allowed(ipaddress.ip_address(text)):
            raise TransportError(
                f"{host} is {_also(host, text)}an address in a private network; an admin can allow networks.",
                permanent=True,
            )
    if not addresses:
        raise TransportError(f"The name {host} has no address.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(url, parts.scheme, host, port, path, tuple(addresses[:_TRIED]))


def _also(host: str, text: str) -> str:
    return "" if host == text else f"{text}, "


def allowed(address: Address) -> bool:
    """Whether a webhook may connect there: in an allowed network, else public unicast."""
    inner = _unwrapped(address)
    if inner is None:
        return False
    if any(inner.version == network.version and inner in network for network in _allowed_networks()):
        return True
    return inner.is_global and not (
        inner.is_multicast
        or inner.is_reserved
        or inner.is_private
        or inner.is_loopback
        or inner.is_link_local
        or inner.is_unspecified
        or (inner.version == 6 and inner.is_site_local)
    )


def _unwrapped(address: Address) -> Address | None:
    """The IPv4 address inside a mapped, NAT64 or 6to4 one; None for forms that hide more than one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _SIX_TO_FOUR:
        return address.sixtofour
    if (
        address.teredo is not None
        or address in _LOCAL_NAT64
        or (int(address) >> 32 == 0 and int(address) > 1)
    ):
        return None
    return address


def _parts(url: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise TransportError("This is not a valid URL.", permanent=True) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TransportError("The URL must begin with https:// or http:// and name a host.", permanent=True)
    if parts.username or parts.password:
        raise TransportError("The URL must not hold a user name or password.", permanent=True)
    if any(ord(letter) <= 32 or ord(letter) > 126 for letter in url) or len(url) > 500:
        raise TransportError("The URL must be plain ASCII of at most 500 characters.", permanent=True)
    if not open_port(port):
        shown = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in _ports())
        raise TransportError(f"Port {port} is not open for webhooks (open: {shown}).", permanent=True)
    return parts, port


def open_port(port: int) -> bool:
    """Whether outgoing calls may use this port."""
    return any(low <= port <= high for low, high in _ports())


def _ports() -> Sequence[tuple[int, int]]:
    return getattr(settings, "WEBHOOK_ALLOWED_PORTS", PORTS)


def _allowed_networks() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [
        ipaddress.ip_network(text, strict=False) for text in getattr(settings, "WEBHOOK_ALLOWED_NETWORKS", ())
    ]
