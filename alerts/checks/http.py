"""The HTTP probe: one request and its redirects, bounded in time and memory as a whole."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from alerts.checks.reach import Deadline, Unreachable, addresses_of, context, trouble
from alerts.checks.settings import statuses_of

MAX_BODY = 262_144
MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}


class _Request(NamedTuple):
    method: str
    url: httpx.URL
    headers: Mapping[str, str]


class _Answer(NamedTuple):
    """`body`: the beginning as text, when it is looked into; `location`: where it redirects to."""

    status: int
    location: str = ""
    body: str = ""


def ask(target: str, settings: Mapping[str, Any], headers: Mapping[str, str], deadline: Deadline) -> str:
    """What was found in order, in one sentence; raises `Unreachable` with what was not."""
    try:
        request = _Request(settings["method"], httpx.URL(target), headers)
        spans = statuses_of(settings["statuses"])
    except (httpx.InvalidURL, ValueError, KeyError):
        raise Unreachable("The address of this check cannot be read") from None
    answer = _followed(request, settings, deadline)
    took = deadline.milliseconds
    if not any(least <= answer.status <= most for least, most in spans):
        raise Unreachable(f"Answered {answer.status} in {took} ms; expected {settings['statuses']}")
    wanted, unwanted = settings.get("contains", ""), settings.get("not_contains", "")
    if wanted and wanted not in answer.body:
        raise Unreachable(f"Answered {answer.status} without “{_short(wanted)}”")
    if unwanted and unwanted in answer.body:
        raise Unreachable(f"Answered {answer.status} with “{_short(unwanted)}”")
    return f"Answered {answer.status} in {took} ms"


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def _followed(request: _Request, settings: Mapping[str, Any], deadline: Deadline) -> _Answer:
    verify = bool(settings.get("verify_tls", True))
    look = bool(settings.get("contains") or settings.get("not_contains"))
    for _hop in range(MAX_REDIRECTS + 1):
        host, port = _place(request.url)
        addresses = addresses_of(host, port, deadline)
        answer = asyncio.run(_within(request, host, addresses, deadline, verify=verify, look=look))
        if not settings.get("follow_redirects", True) or not answer.location:
            return answer
        request = _redirected(request, answer)
    raise Unreachable(f"Redirects more than {MAX_REDIRECTS} times")


def _place(url: httpx.URL) -> tuple[str, int]:
    host = url.raw_host.decode("ascii").strip("[]")
    if url.scheme not in _PORTS or not host:
        raise Unreachable("Redirects to an address that is not http or https")
    return host, url.port or _PORTS[url.scheme]


def _redirected(request: _Request, answer: _Answer) -> _Request:
    """The next request. Another server than the one that was named gets none of the check's own headers."""
    try:
        url = request.url.join(answer.location)
        here, there = _place(request.url), _place(url)
    except (httpx.InvalidURL, ValueError, UnicodeError):
        raise Unreachable("Redirects to an address that cannot be read") from None
    upgraded = (request.url.scheme, here[1], url.scheme, there[1]) == ("http", 80, "https", 443)
    same = here[0] == there[0] and (upgraded or (request.url.scheme, here[1]) == (url.scheme, there[1]))
    method = request.method
    if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):
        method = "HEAD" if method == "HEAD" else "GET"
    return _Request(method, url, request.headers if same else {})


async def _within(
    request: _Request, host: str, addresses: list[str], deadline: Deadline, *, verify: bool, look: bool
) -> _Answer:
    """The answer of the first address that can be connected to; each gets its share of the time that is left."""
    error: Exception | None = None
    try:
        async with asyncio.timeout(deadline.left):
            for number, address in enumerate(addresses):
                share = deadline.left / (len(addresses) - number)
                try:
                    return await _get(request, host, address, share, verify=verify, look=look)
                except (httpx.ConnectError, httpx.ConnectTimeout) as failed:
                    error = failed
    except TimeoutError:
        raise deadline.missed() from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as failed:
        raise Unreachable(_words(failed, host)) from None
    if error is None or isinstance(error, httpx.ConnectTimeout):
        raise deadline.missed()
    raise Unreachable(_words(error, host))


def _words(error: Exception, host: str) -> str:
    if isinstance(error, httpx.RemoteProtocolError):
        return f"The answer is no HTTP: {str(error).rstrip('.')}"
    return trouble(error, host)


async def _get(
    request: _Request, host: str, address: str, share: float, *, verify: bool, look: bool
) -> _Answer:
    literal = f"[{address}]" if ":" in address else address
    headers = {"user-agent": "Watchbill", "accept": "*/*", "accept-encoding": "identity"}
    headers |= {name.lower(): value for name, value in request.headers.items()}
    headers.setdefault("host", request.url.netloc.decode("ascii"))
    # Without a client around it, which would read where a redirect leads, and fail at what cannot be read.
    sent = httpx.Request(
        request.method,
        # Only the address that was judged is connected to.
        request.url.copy_with(host=literal, fragment=None),
        headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()],
        extensions={"sni_hostname": host, "timeout": {"connect": share}},
    )
    async with httpx.AsyncHTTPTransport(verify=context(verify), trust_env=False) as transport:
        answer = await transport.handle_async_request(sent)
        try:
            location = answer.headers.get("location", "")[:2000] if answer.status_code in _REDIRECTS else ""
            body = await _text(answer) if look and request.method != "HEAD" else ""
        finally:
            await answer.aclose()
    return _Answer(answer.status_code, location, body)


async def _text(answer: httpx.Response) -> str:
    raw = bytearray()
    async for chunk in answer.aiter_raw():
        raw += chunk
        if len(raw) >= MAX_BODY:
            break
    found = _plain(bytes(raw[:MAX_BODY]), answer.headers.get("content-encoding", "").lower().strip())
    try:
        return found.decode(answer.charset_encoding or "utf-8", "replace")
    except LookupError:
        return found.decode("utf-8", "replace")


def _plain(raw: bytes, encoding: str) -> bytes:
    """The beginning of a body, unpacked if it was packed unasked; never more than `MAX_BODY`."""
    if encoding not in ("gzip", "deflate", "x-gzip"):
        return raw
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(raw, MAX_BODY)
    except zlib.error:
        return raw
