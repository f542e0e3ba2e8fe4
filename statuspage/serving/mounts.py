"""The serving app, mounted before Django in both servers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from typing import Any

from statuspage.serving.store import File, store

PREFIX = "/status/"
_PATH = re.compile(r"^/status/(?P<slug>[a-z0-9_-]{1,60})/(?P<rest>[a-z0-9/._-]{0,120})$")
_FRESH = "public, max-age=10, s-maxage=10, stale-while-revalidate=60, stale-if-error=86400"
_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "base-uri 'none'; frame-ancestors *; form-action 'none'"
)
_MISSING = (
    b"<!doctype html><html lang=en><title>Not found</title>"
    b"<main><h1>There is no such status page</h1></main></html>"
)

Answer = tuple[int, list[tuple[str, str]], bytes]


def answer(method: str, path: str, if_none_match: str, accept_encoding: str) -> Answer:
    """Status, headers and body of a public request; reads memory only."""
    if method not in ("GET", "HEAD"):
        return 405, [("Allow", "GET, HEAD"), ("Cache-Control", "no-store"), ("Content-Length", "0")], b""
    match = _PATH.match(path)
    file = _file(match["slug"], match["rest"]) if match else None
    if file is None:
        slashed = _PATH.match(f"{path}/")
        if slashed and _file(slashed["slug"], slashed["rest"]):
            return (
                301,
                [("Location", f"{path}/"), ("Cache-Control", "no-store"), ("Content-Length", "0")],
                b"",
            )
        return 404, _plain_headers(len(_MISSING)), _MISSING if method == "GET" else b""
    headers = [
        ("ETag", file.etag),
        ("Cache-Control", _FRESH),
        ("Vary", "Accept-Encoding"),
        ("Access-Control-Allow-Origin", "*"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", _CSP),
    ]
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    if file.etag in tags or "*" in tags:
        return 304, headers, b""
    body = file.body
    if "gzip" in accept_encoding:
        body = file.packed
        headers.append(("Content-Encoding", "gzip"))
    headers += [("Content-Type", file.content_type), ("Content-Length", str(len(body)))]
    return 200, headers, body if method == "GET" else b""


def _file(slug: str, rest: str) -> File | None:
    path = f"{rest}index.html" if rest == "" or rest.endswith("/") else rest
    return store().get(slug, path)


def _plain_headers(length: int) -> list[tuple[str, str]]:
    return [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Content-Length", str(length)),
    ]


class StatusASGI:
    """Takes `/status/…`; everything else goes to `app`."""

    def __init__(self, app: Any) -> None:
        self.app = app
        store().start()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        if not store().ready.is_set():
            await asyncio.to_thread(store().wait_ready)
        given = dict(scope["headers"])
        status, headers, body = answer(
            scope["method"],
            scope["path"],
            given.get(b"if-none-match", b"").decode("latin-1"),
            given.get(b"accept-encoding", b"").decode("latin-1"),
        )
        encoded = [(name.lower().encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        await send({"type": "http.response.body", "body": body})


class StatusWSGI:
    """The same for a WSGI server."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if not path.startswith(PREFIX):
            return self.app(environ, start_response)
        store().wait_ready()
        status, headers, body = answer(
            environ["REQUEST_METHOD"],
            path,
            environ.get("HTTP_IF_NONE_MATCH", ""),
            environ.get("HTTP_ACCEPT_ENCODING", ""),
        )
        start_response(f"{status} Status", headers)
        return [body]
