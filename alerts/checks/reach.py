"""How a probe gets to a server: names looked up in bounded time, addresses judged, trouble put into words.

What is checked may be inside: people watch their own network. Addresses that are of one machine's link alone are
refused, because there cloud providers hand out the machine's own secrets.
"""

from __future__ import annotations

import errno
import functools
import ipaddress
import socket
import ssl
import threading
import time
from typing import Any

from notifications.transports.http import trusted

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MAX_ADDRESSES = 4
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
# Where cloud providers' metadata is reached without a link-local address: AWS, Alibaba, Azure, Oracle.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
_WORDS = {
    errno.ECONNREFUSED: "Connection refused",
    errno.ECONNRESET: "The connection was reset",
    errno.EHOSTUNREACH: "No route to the host",
    errno.ENETUNREACH: "The network cannot be reached",
    errno.ETIMEDOUT: "No connection: it timed out",
    errno.EPIPE: "The connection was closed",
    errno.EADDRNOTAVAIL: "The address cannot be reached from here",
}


class Unreachable(Exception):
    """No way to the server; the text is one sentence for people, without a full stop."""


class Deadline:
    """So much time for all steps of one probe together."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._started = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds that remain, at least a little, so that no step is given none."""
        return max(0.001, self.seconds - (time.monotonic() - self._started))

    @property
    def over(self) -> bool:
        return time.monotonic() - self._started >= self.seconds

    @property
    def milliseconds(self) -> int:
        """How long it has taken so far."""
        return round((time.monotonic() - self._started) * 1000)

    def missed(self) -> Unreachable:
        """What to say when it has passed."""
        return Unreachable(f"No answer within {self.seconds:g} s")


def addresses_of(host: str, port: int, deadline: Deadline) -> list[str]:
    """Up to four addresses of a host that may be connected to; `Unreachable` without any or with a refused one.

    The system's own look-up has no time limit, so it runs beside and is left alone when it takes too long.
    """
    found: list[Any] = []
    done = threading.Event()

    def look() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP))
        except (OSError, UnicodeError) as error:
            found.append(error)
        finally:
            done.set()

    threading.Thread(target=look, name="lookup", daemon=True).start()
    if not done.wait(deadline.left):
        raise Unreachable(f"The name {host} was not looked up within {deadline.seconds:g} s")
    answer = found[0]
    if isinstance(answer, Exception):
        raise Unreachable(_unnamed(host, answer))
    texts = list(dict.fromkeys(str(entry[4][0]) for entry in answer))
    for text in texts:
        if refused(ipaddress.ip_address(text.partition("%")[0])):
            shown = host if host == text else f"{host} is {text}, which"
            raise Unreachable(f"{shown} is a link-local or metadata address, and those are not checked")
    return texts[:MAX_ADDRESSES]


def refused(address: Address) -> bool:
    """Whether nobody may look there, whatever form hides it."""
    inner = _unwrapped(address)
    return inner.is_link_local or address.is_link_local or inner in _METADATA


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    number = int(address)
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _SIX_TO_FOUR and address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or (number >> 32 == 0 and number > 1):
        return ipaddress.IPv4Address(number & 0xFFFF_FFFF)
    return address


def _unnamed(host: str, error: Exception) -> str:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME:
        return f"There is no host {host}"
    return f"The name {host} cannot be looked up"


def trouble(error: BaseException, host: str) -> str:
    """One sentence about a connection that failed, from the deepest reason known."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen and len(seen) < 12:
        seen.append(cause)
        cause = cause.__cause__ or cause.__context__
    for each in seen:
        if isinstance(each, ssl.SSLCertVerificationError):
            return _untrusted(each, host)
    for each in seen:
        if isinstance(each, ssl.SSLError):
            return f"TLS with {host} failed: {(each.reason or 'protocol error').replace('_', ' ').lower()}"
    for each in seen:
        if isinstance(each, OSError):
            reasons = [each, *getattr(each, "exceptions", ())]
            for one in reasons:
                if getattr(one, "errno", None) in _WORDS:
                    return _WORDS[one.errno]
            if each.strerror:
                return each.strerror
    text = str(error).rstrip(". ")
    return text or f"No connection to {host}"


def _untrusted(error: ssl.SSLCertVerificationError, host: str) -> str:
    message = (error.verify_message or "it cannot be checked").rstrip(".")
    if "expired" in message:
        return f"The certificate of {host} has expired"
    if "mismatch" in message.lower():
        return f"The certificate of {host} is made for another name"
    return f"The certificate of {host} is not trusted: {message}"


def context(verify: bool) -> ssl.SSLContext:
    """TLS that trusts what this machine trusts, or anything."""
    return trusted() if verify else _anything()


@functools.cache
def _anything() -> ssl.SSLContext:
    found = ssl.create_default_context()
    found.check_hostname = False
    found.verify_mode = ssl.CERT_NONE
    return found
