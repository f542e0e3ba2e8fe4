"""How a phone in the same network reaches what runs here: the addresses, and a code to photograph."""

from __future__ import annotations

import ipaddress
import socket
from io import StringIO

import segno

from config.env import Env

_EVERYWHERE = {"0.0.0.0", "::"}
# Nothing is sent there: a datagram socket that is "connected" only learns which of our addresses it would use.
_ELSEWHERE = ("192.0.2.1", 9)


def urls(env: Env) -> list[str]:
    """Where others in the network open this stack; empty when it listens to this machine alone.

    Without DEBUG only addresses that ALLOWED_HOSTS or BASE_URL name are answered, so others are left out.
    """
    if _loopback(env.host):
        return []
    hosts = _own_addresses() if env.host in _EVERYWHERE else [env.host]
    suffix = "" if env.port == 80 else f":{env.port}"
    return [f"http://{_bracketed(host)}{suffix}" for host in hosts if _answered(env, host)]


def block(env: Env) -> list[str]:
    """Lines for the closing block of a start; none when nobody else can reach it."""
    found = urls(env)
    if not found:
        return []
    return [
        "  Open it on a phone in the same network",
        *(f"    {url}" for url in found),
        *(f"    {line}" for line in code(found[0]).splitlines()),
        "    The pages work by this address; push notifications and installing need HTTPS or localhost.",
        "",
    ]


def code(url: str) -> str:
    """A QR code of half blocks, right for dark terminals; phones read it on light ones too."""
    out = StringIO()
    segno.make(url, micro=False, error="l").terminal(out, border=2, compact=True)
    return out.getvalue()


def _own_addresses() -> list[str]:
    """IPv4 addresses of this machine that are not its own loop, the one others most likely use first."""
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
            found.append(probe.getsockname()[0])
        except OSError:
            pass
    try:
        entries = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET, socket.SOCK_STREAM)
        found += [str(entry[4][0]) for entry in entries]
    except OSError:
        pass
    return [host for host in dict.fromkeys(found) if not _loopback(host) and host not in _EVERYWHERE]


def _answered(env: Env, host: str) -> bool:
    if env.debug and not env.allowed_hosts:
        return True
    named = {*env.allowed_hosts, env.base_url.partition("://")[2].rpartition(":")[0]}
    return "*" in named or host in named


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
