"""The serving app, mounted before Django in both servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from statuspage.serving.answers import PREFIX, Onward, answer
from statuspage.serving.store import store

# Where Django reads on which domain it was asked.
DOMAIN_KEY = "watchbill.status_domain"
_REASONS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def _own_host() -> str:
    return urlsplit(settings.BASE_URL).netloc


class StatusASGI:
    """Takes `/status/…` and the pages' own domains; everything else goes to `app`."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.store = store()
        self.store.start()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path: str = scope["path"]
        if scope["type"] != "http" or not (path.startswith(PREFIX) or self.store.hosts):
            await self.app(scope, receive, send)
            return
        if not self.store.ready.is_set():
            await asyncio.to_thread(self.store.wait_ready)
        host = tag = encoding = b""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == b"if-none-match":
                tag = value
            elif name == b"accept-encoding":
                encoding = value
        domain = host.partition(b":")[0].lower().rstrip(b".").decode("latin-1")
        found = answer(scope["method"], path, domain, tag, encoding)
        if found is None:
            await self.app(scope, receive, send)
        elif isinstance(found, Onward):
            await self.app(_onward(scope, found.path, domain), receive, send)
        else:
            await send({"type": "http.response.start", "status": found.status, "headers": found.headers})
            await send({"type": "http.response.body", "body": found.body})


def _onward(scope: dict[str, Any], path: str, domain: str) -> dict[str, Any]:
    """The request as Django is to see it: under this installation's own host."""
    if domain not in store().hosts:
        return scope
    headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
    headers.append((b"host", _own_host().encode()))
    return {**scope, "path": path, "raw_path": path.encode(), "headers": headers, DOMAIN_KEY: domain}


class StatusWSGI:
    """The same for a WSGI server."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if not (path.startswith(PREFIX) or store().hosts):
            return self.app(environ, start_response)
        store().wait_ready()
        domain = environ.get("HTTP_HOST", "").partition(":")[0].lower().rstrip(".")
        tag = environ.get("HTTP_IF_NONE_MATCH", "").encode("latin-1")
        encoding = environ.get("HTTP_ACCEPT_ENCODING", "").encode("latin-1")
        found = answer(environ["REQUEST_METHOD"], path, domain, tag, encoding)
        if found is None:
            return self.app(environ, start_response)
        if isinstance(found, Onward):
            if domain in store().hosts:
                environ |= {"PATH_INFO": found.path, "HTTP_HOST": _own_host(), DOMAIN_KEY: domain}
            return self.app(environ, start_response)
        headers = [(name.decode(), value.decode()) for name, value in found.headers]
        start_response(_REASONS[found.status], headers)
        return [found.body]
