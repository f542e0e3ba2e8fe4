"""Fetching something foreign: checked addresses only, bounded in time, size and redirects."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from urllib.parse import urljoin

import httpx

from notifications.transports.base import TransportError
from notifications.transports.http import trusted
from notifications.transports.webhook.address import Target, resolve

MAX_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)


class FetchFailed(Exception):
    """Nothing came; the message is a sentence for the owner and holds no address but the host."""


@dataclass(frozen=True)
class Fetched:
    """What came. `content` is None when it is as it was (304)."""

    content: bytes | None
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True)
class Wanted:
    """What is fetched: `what` names it in sentences ("calendar"), `most` is its size in bytes, `seconds` the time for
    all of it, redirects included."""

    what: str
    accept: str
    most: int
    seconds: float = 10.0
    etag: str = ""
    last_modified: str = ""

    @property
    def headers(self) -> dict[str, str]:
        found = {"user-agent": "Watchbill", "accept": self.accept, "accept-encoding": "identity"}
        if self.etag:
            found["if-none-match"] = self.etag
        if self.last_modified:
            found["if-modified-since"] = self.last_modified
        return found


def fetch(url: str, wanted: Wanted) -> Fetched:
    """What is at this address. Raises FetchFailed.

    Every host, also one redirected to, is looked up and checked, and the checked address is connected to.
    """
    deadline = time.monotonic() + wanted.seconds
    first = ""
    for _hop in range(MAX_REDIRECTS + 1):
        try:
            target = resolve(url)
        except TransportError as error:
            raise FetchFailed(error.message.replace("for webhooks", f"for a {wanted.what}")) from None
        first = first or target.host
        # Another host than the one that was asked gets no marks of an earlier answer.
        asked = wanted if target.host == first else replace(wanted, etag="", last_modified="")
        answer = asyncio.run(_within(deadline, target, asked))
        if isinstance(answer, Fetched):
            return answer
        if target.scheme == "https" and answer.lower().startswith("http:"):
            raise FetchFailed(f"{target.host} redirects to an address without encryption.")
        try:
            url = urljoin(url, answer)
        except ValueError:
            raise FetchFailed(f"{target.host} redirects to an address that cannot be read.") from None
    raise FetchFailed(f"The {wanted.what} redirects more than {MAX_REDIRECTS} times.")


async def _within(deadline: float, target: Target, wanted: Wanted) -> Fetched | str:
    """The answer of the first address that can be connected to: what is wanted, or where it redirects to."""
    refused = ""
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
            for address in target.addresses:
                try:
                    return await _get(target, address, wanted)
                except httpx.ConnectError as error:
                    refused = str(error)
    except TimeoutError:
        raise FetchFailed(f"{target.host} did not answer within {wanted.seconds:g} s.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchFailed(f"{target.host}: {type(error).__name__}.") from None
    raise FetchFailed(f"No connection to {target.host}: {refused}.")


async def _get(target: Target, address: str, wanted: Wanted) -> Fetched | str:
    literal = f"[{address}]" if ":" in address else address
    name = f"[{target.host}]" if ":" in target.host else target.host
    default = 443 if target.scheme == "https" else 80
    host = name if target.port == default else f"{name}:{target.port}"
    url = f"{target.scheme}://{literal}:{target.port}{target.path}"
    async with (
        httpx.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=wanted.seconds, verify=trusted()
        ) as client,
        client.stream(
            "GET", url, headers={**wanted.headers, "host": host}, extensions={"sni_hostname": target.host}
        ) as answer,
    ):
        if answer.status_code in _REDIRECTS and answer.headers.get("location"):
            return str(answer.headers["location"])[:2000]
        if answer.status_code == 304:
            return Fetched(None)
        if answer.status_code != 200:
            raise FetchFailed(f"{target.host} answered HTTP {answer.status_code}.")
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            raise FetchFailed(f"{target.host} sends the {wanted.what} compressed, which was not asked for.")
        body = bytearray()
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > wanted.most:
                raise FetchFailed(f"The {wanted.what} is larger than {wanted.most // 1024 // 1024} MB.")
        return Fetched(
            bytes(body),
            _sent_back(answer.headers.get("etag", ""), 200),
            _sent_back(answer.headers.get("last-modified", ""), 100),
        )


def _sent_back(text: str, most: int) -> str:
    """A header that can be sent back as it came; "" for one that is too long or no plain text."""
    return text if len(text) <= most and text.isascii() and text.isprintable() else ""
