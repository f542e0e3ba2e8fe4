"""Keeps what Apprise's plugins connect to within the networks that outgoing calls may reach.

Plugins call `requests` themselves, so the check sits where every connection of it is made. It looks at the
addresses that are then connected to: no second look-up, no redirect and no host inside a URL gets around it.
Threads that have not asked for it are not touched.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from urllib3.util import connection

from notifications.transports.base import TransportError
from notifications.transports.webhook.address import allowed, open_port

_thread = threading.local()
_connect = connection.create_connection


@contextmanager
def guarded() -> Iterator[list[str]]:
    """Within, connections to forbidden addresses are refused; yields the reasons, for the sentence."""
    reasons: list[str] = []
    _thread.reasons = reasons
    try:
        yield reasons
    finally:
        _thread.reasons = None


def _checked(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
    reasons = getattr(_thread, "reasons", None)
    if reasons is None:
        return _connect(address, *args, **kwargs)
    host, port = address[0].strip("[]"), address[1]
    if not open_port(port):
        raise _refusal(reasons, f"Port {port} is not open for outgoing calls.")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    places = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not all(allowed(ipaddress.ip_address(place)) for place in places):
        raise _refusal(reasons, f"{host} is in a private network; an admin can allow networks.")
    failure: OSError | None = None
    for place in places[:3]:
        try:
            return _connect((place, port), *args, **kwargs)
        except OSError as error:
            failure = error
    raise failure or OSError(f"{host} has no address")


def _refusal(reasons: list[str], reason: str) -> OSError:
    reasons.append(reason)
    return OSError(reason)


def raise_if_refused(reasons: list[str]) -> None:
    """A forbidden address is final."""
    if reasons:
        raise TransportError(reasons[0], permanent=True)


connection.create_connection = _checked
