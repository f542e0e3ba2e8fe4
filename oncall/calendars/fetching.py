"""Fetching a foreign calendar: checked addresses only, bounded in time and size."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from notifications.transports.base import TransportError
from notifications.transports.http import trusted
from notifications.transports.webhook.address import Target, check_url, resolve
from oncall.calendars.text import MAX_BYTES

SECONDS = 10.0
MAX_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)


class FetchFailed(Exception):
    """No calendar came; the message is a sentence for its owner and holds no address but the host."""


@dataclass(frozen=True)
class Fetched:
    """What came. `content` is None when it is as it was (304)."""

    content: bytes | None
    etag: str = ""
    last_modified: str = ""


def plain_url(url: str) -> str:
    """The address as it is fetched: `webcal` is read as `https`."""
    url = url.strip()
    scheme, mark, rest = url.partition("://")
    return f"https://{rest}" if mark and scheme.lower() in ("webcal", "webcals") else url


def url_fault(url: str) -> str:
    """Why this address cannot be fetched, "" when it may be; looks at the text alone."""
    return check_url(url).replace("for webhooks", "for calendars")


def host_of(url: str) -> str:
    """The part of the address that may be shown."""
    return (urlsplit(url).hostname or "")[:255]


def fetch(url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
    """The calendar at this address, within ten seconds. Raises FetchFailed.

    Every host, also one redirected to, is looked up and checked, and the checked address is connected to.
    """
    deadline = time.monotonic() + SECONDS
    headers = {
        "user-agent": "Watchbill",
        "accept": "text/calendar, text/plain;q=0.5",
        "accept-encoding": "identity",
    }
    if etag:
        headers["if-none-match"] = etag
    if last_modified:
        headers["if-modified-since"] = last_modified
    for _hop in range(MAX_REDIRECTS + 1):
        try:
            target = resolve(url)
        except TransportError as error:
            raise FetchFailed(error.message.replace("for webhooks", "for calendars")) from None
        answer = asyncio.run(_within(deadline, target, headers))
        if isinstance(answer, Fetched):
            return answer
        if target.scheme == "https" and answer.lower().startswith("http:"):
            raise FetchFailed(f"{target.host} redirects to an address without encryption.")
        try:
            url = urljoin(url, answer)
        except ValueError:
            raise FetchFailed(f"{target.host} redirects to an address that cannot be read.") from None
    raise FetchFailed(f"The calendar redirects more than {MAX_REDIRECTS} times.")


async def _within(deadline: float, target: Target, headers: dict[str, str]) -> Fetched | str:
    """The answer of the first address that can be connected to: the calendar, or where it redirects to."""
    refused = ""
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
            for address in target.addresses:
                try:
                    return await _get(target, address, headers)
                except httpx.ConnectError as error:
                    refused = str(error)
    except TimeoutError:
        raise FetchFailed(f"{target.host} did not answer within {SECONDS:g} s.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchFailed(f"{target.host}: {type(error).__name__}.") from None
    raise FetchFailed(f"No connection to {target.host}: {refused}.")


async def _get(target: Target, address: str, headers: dict[str, str]) -> Fetched | str:
    literal = f"[{address}]" if ":" in address else address
    name = f"[{target.host}]" if ":" in target.host else target.host
    default = 443 if target.scheme == "https" else 80
    host = name if target.port == default else f"{name}:{target.port}"
    url = f"{target.scheme}://{literal}:{target.port}{target.path}"
    async with (
        httpx.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=SECONDS, verify=trusted()
        ) as client,
        client.stream(
            "GET", url, headers={**headers, "host": host}, extensions={"sni_hostname": target.host}
        ) as answer,
    ):
        if answer.status_code in _REDIRECTS and answer.headers.get("location"):
            return str(answer.headers["location"])[:2000]
        if answer.status_code == 304:
            return Fetched(None)
        if answer.status_code != 200:
            raise FetchFailed(f"{target.host} answered HTTP {answer.status_code}.")
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            raise FetchFailed(f"{target.host} sends the calendar compressed, which was not asked for.")
        body = bytearray()
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > MAX_BYTES:
                raise FetchFailed(f"The calendar is larger than {MAX_BYTES // 1024 // 1024} MB.")
        return Fetched(
            bytes(body),
            answer.headers.get("etag", "")[:300],
            answer.headers.get("last-modified", "")[:100],
        )
