"""The outer ASGI wrapper: counts body bytes and caps what runs at once, before Django sees anything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class BodyTooLarge(Exception):
    """More bytes arrived than this address accepts."""


class Guard:
    """Answers 413 above `limit` bytes of body, and 503 when `concurrent` requests wait too long.

    `limit_for(path)` gives the byte limit. A request waits at most `patience` seconds for a place.
    """

    def __init__(
        self, app: App, *, limit_for: Callable[[str], int], concurrent: int = 32, patience: float = 10.0
    ) -> None:
        self.app = app
        self.limit_for = limit_for
        self.patience = patience
        self.concurrent = concurrent
        self._places: asyncio.Semaphore | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.limit_for(scope["path"])
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            await refuse(send, 413, "too_large", f"At most {limit} bytes.")
            return
        if self._places is None:
            self._places = asyncio.Semaphore(self.concurrent)
        if self._places.locked():
            try:
                await asyncio.wait_for(self._places.acquire(), self.patience)
            except TimeoutError:
                await refuse(send, 503, "busy", "Too many requests at once. Try again.", retry_after=2)
                return
        else:
            await self._places.acquire()
        try:
            await self._run(scope, receive, send, limit)
        finally:
            self._places.release()

    async def _run(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        seen = 0
        started = False

        async def counted_receive() -> dict[str, Any]:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLarge
            return message

        async def noted_send(message: dict[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, counted_receive, noted_send)
        except BodyTooLarge:
            if not started:
                await refuse(send, 413, "too_large", f"At most {limit} bytes.")


async def refuse(send: Send, status: int, code: str, detail: str, *, retry_after: int = 0) -> None:
    """Send a problem response without Django."""
    body = orjson.dumps(
        {"type": "about:blank", "status": status, "code": code, "detail": detail, "errors": {}}
    )
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    if retry_after:
        headers.append((b"retry-after", str(retry_after).encode()))
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
