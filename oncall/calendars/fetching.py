"""Fetching a foreign calendar."""

from __future__ import annotations

from urllib.parse import urlsplit

from notifications import fetching
from notifications.fetching import Fetched, FetchFailed, Wanted
from notifications.transports.webhook.address import check_url
from oncall.calendars.text import MAX_BYTES

__all__ = ["FetchFailed", "Fetched", "fetch", "host_of", "plain_url", "url_fault"]

SECONDS = 10.0


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
    """The calendar at this address, within ten seconds. Raises FetchFailed (`notifications.fetching`)."""
    accept = "text/calendar, text/plain;q=0.5"
    wanted = Wanted("calendar", accept, MAX_BYTES, SECONDS, etag, last_modified)
    return fetching.fetch(url, wanted)
