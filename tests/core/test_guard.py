"""The outer wrapper: too much is 413, too many at once is 503."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from core.asgi import Guard, Receive, Scope, Send

LIMIT = 100


class Client:
    """One request; `chunks` are given out as they are asked for."""

    def __init__(self, *chunks: bytes, length: int | None = None) -> None:
        self.chunks = list(chunks)
        self.sent: list[dict[str, Any]] = []
        headers = [] if length is None else [(b"content-length", str(length).encode())]
        self.scope: Scope = {"type": "http", "path": "/x", "headers": headers}

    async def receive(self) -> dict[str, Any]:
        chunk = self.chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(self.chunks)}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def code(self) -> str:
        return str(orjson.loads(self.sent[1]["body"])["code"])


async def reads_all(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


def call(app: Any, client: Client, **options: Any) -> Client:
    guard = Guard(app, limit_for=lambda _path: LIMIT, **options)
    asyncio.run(guard(client.scope, client.receive, client.send))
    return client


def test_a_body_at_the_limit_passes() -> None:
    assert call(reads_all, Client(b"x" * 60, b"x" * 40, length=100)).status == 200


def test_a_declared_length_over_the_limit_is_refused_unread() -> None:
    client = call(reads_all, Client(b"x", length=101))
    assert (client.status, client.code, len(client.chunks)) == (413, "too_large", 1)


def test_a_body_without_length_is_counted() -> None:
    client = call(reads_all, Client(*[b"x" * 30] * 10))
    assert (client.status, client.code, len(client.chunks)) == (413, "too_large", 6)


def test_a_length_that_lies_is_counted_too() -> None:
    for lie in (1, -5):
        assert call(reads_all, Client(*[b"x" * 30] * 10, length=lie)).status == 413


def test_too_many_at_once_wait_and_are_refused() -> None:
    async def scenario() -> list[Client]:
        release = asyncio.Event()

        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            await release.wait()
            await reads_all(scope, receive, send)

        guard = Guard(slow, limit_for=lambda _path: LIMIT, concurrent=2, patience=0.05)
        clients = [Client(b"") for _each in range(4)]
        tasks = [asyncio.create_task(guard(each.scope, each.receive, each.send)) for each in clients]
        await asyncio.wait(tasks, timeout=5, return_when="FIRST_COMPLETED")
        await asyncio.gather(*tasks[2:])
        release.set()
        await asyncio.gather(*tasks)
        # The places are free again.
        last = Client(b"")
        await guard(last.scope, last.receive, last.send)
        return [*clients, last]

    clients = asyncio.run(scenario())
    assert [client.status for client in clients] == [200, 200, 503, 503, 200]
    assert dict(clients[2].sent[0]["headers"])[b"retry-after"] == b"2"


def test_a_failure_gives_the_place_back() -> None:
    async def scenario() -> int:
        async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
            raise RuntimeError("broken")

        guard = Guard(breaks, limit_for=lambda _path: LIMIT, concurrent=1, patience=0.05)
        for _again in range(2):
            client = Client(b"")
            try:
                await guard(client.scope, client.receive, client.send)
            except RuntimeError:
                continue
        return len(client.sent)

    assert asyncio.run(scenario()) == 0


def test_sockets_pass_untouched() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    client = Client()
    client.scope = {"type": "websocket", "path": "/ws/", "headers": []}
    call(app, client)
    assert seen == ["websocket"]
