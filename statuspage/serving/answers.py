"""What is answered to a request for a public page; reads memory only."""

from __future__ import annotations

from typing import NamedTuple

from statuspage.serving.files import CSP, File, Headers
from statuspage.serving.store import Held, store

PREFIX = "/status/"
# First parts of a path below a page that Django answers.
_BY_DJANGO = frozenset({"subscribe", "confirm", "unsubscribe", "manage", "unlock", "lock"})
_SUBSCRIBERS = "api/v2/subscribers.json"
_LONGEST = 300
_MISSING = (
    b"<!doctype html><html lang=en><meta charset=utf-8><title>Not found</title>"
    b"<main><h1>There is no such status page</h1></main></html>"
)


class Answer(NamedTuple):
    status: int
    headers: Headers
    body: bytes


class Onward(NamedTuple):
    """Django answers, under this path."""

    path: str


def answer(
    method: str, path: str, host: str, if_none_match: bytes, accept_encoding: bytes
) -> Answer | Onward | None:
    """The answer, or Django's path for it; None: this is no address of a status page."""
    pages = store()
    slug = pages.hosts.get(host) if pages.hosts else None
    if slug is not None:
        rest = path[1:]
        own = "/"
    elif path.startswith(PREFIX):
        slug, slash, rest = path[8:].partition("/")
        own = f"{PREFIX}{slug}/"
        if not slash and slug in pages.pages and method in ("GET", "HEAD"):
            return _moved(own)
    else:
        return None
    held = pages.pages.get(slug)
    if held is None:
        # Right after a start without a mirror Django knows more than this process does.
        return _missing(method, None)
    first = rest.partition("/")[0]
    if first in _BY_DJANGO or not held.public or (rest == _SUBSCRIBERS and method != "GET"):
        return Onward(f"{PREFIX}{slug}/{rest}")
    return _from(held, method, rest, own, if_none_match, accept_encoding)


def _from(
    held: Held, method: str, rest: str, own: str, if_none_match: bytes, accept_encoding: bytes
) -> Answer:
    if method not in ("GET", "HEAD"):
        return _other_method(method)
    file = find(held, rest)
    if file is None:
        if len(rest) < _LONGEST and f"{rest}/index.html" in held.files:
            return _moved(f"{own}{rest}/")
        return _missing(method, held)
    return serve(file, method, if_none_match, accept_encoding)


def find(held: Held, rest: str) -> File | None:
    """The file at a path below the page; a folder is its `index.html`."""
    if not rest or rest[-1] == "/":
        rest += "index.html"
    found = held.files.get(rest)
    if found is None and rest.startswith("assets/page."):
        # A page kept for a moment names the style sheet of another version: the present one will do.
        ending = rest.rpartition(".")[2]
        found = next((file for path, file in held.files.items() if _is_page_asset(path, ending)), None)
    return found


def _is_page_asset(path: str, ending: str) -> bool:
    return path.startswith("assets/page.") and path.endswith(f".{ending}")


def serve(file: File, method: str, if_none_match: bytes, accept_encoding: bytes) -> Answer:
    """The file in the best encoding that is understood, or that it is still the same."""
    if b"br" in accept_encoding and file.brotli:
        body, headers = file.brotli, file.brotli_headers
    elif b"gzip" in accept_encoding:
        body, headers = file.gzip, file.gzip_headers
    else:
        body, headers = file.body, file.plain_headers
    if if_none_match and (file.etag in if_none_match or if_none_match.strip() == b"*"):
        return Answer(304, [headers[2], *file.same_headers], b"")
    return Answer(200, headers, body if method == "GET" else b"")


def _other_method(method: str) -> Answer:
    headers = [
        (b"cache-control", b"no-store"),
        (b"allow", b"GET, HEAD, OPTIONS"),
        (b"content-length", b"0"),
    ]
    if method != "OPTIONS":
        return Answer(405, headers, b"")
    headers += [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
        (b"access-control-allow-headers", b"*"),
        (b"access-control-max-age", b"86400"),
    ]
    return Answer(204, headers[:2] + headers[3:], b"")


def _moved(to: str) -> Answer:
    headers = [(b"location", to.encode()), (b"cache-control", b"no-store"), (b"content-length", b"0")]
    return Answer(301, headers, b"")


def _missing(method: str, held: Held | None) -> Answer:
    file = held.files.get("404.html") if held else None
    body = file.body if file else _MISSING
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", CSP.encode()),
    ]
    return Answer(404, headers, body if method == "GET" else b"")
