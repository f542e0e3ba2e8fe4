"""A client that asks for one file again and again, as cheaply as it can: it counts bytes and reads nothing."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from typing import cast

import uvloop

from tests.bench.load import Result


def request_of(path: str, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode()


def answer_once(port: int, request: bytes) -> bytes:
    """The whole answer to one request."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        found = b""
        while b"\r\n\r\n" not in found:
            found += connection.recv(65536)
        head, _end, body = found.partition(b"\r\n\r\n")
        _before, name, length = head.lower().partition(b"content-length:")
        wanted = int(length.partition(b"\r\n")[0]) if name and not head.startswith(b"HTTP/1.1 304") else 0
        while len(body) < wanted:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body


class _Reader(asyncio.Protocol):
    """Asks again when as many bytes have come as the answer is long."""

    def __init__(self, request: bytes, length: int, result: Result, deadline: float) -> None:
        self.request, self.length, self.result, self.deadline = request, length, result, deadline
        self.ended = asyncio.get_running_loop().create_future()
        self.missing = length

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.send()

    def send(self) -> None:
        self.started = time.perf_counter()
        if self.started > self.deadline:
            self.transport.close()
            return
        self.missing = self.length
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.missing -= len(data)
        if self.missing <= 0:
            self.result.latencies.append(time.perf_counter() - self.started)
            self.result.statuses[200] += 1
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


def read_all(port: int, request: bytes, *, connections: int = 32, seconds: float = 5.0) -> Result:
    """Ask for the same for so long on so many connections. Every answer must be as long as the first."""
    length = len(answer_once(port, request))

    async def run() -> Result:
        result, begun = Result(), time.perf_counter()
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_connection(
                lambda: _Reader(request, length, result, begun + seconds), "127.0.0.1", port
            )
            for _each in range(connections)
        ]
        async with asyncio.timeout(seconds + 30):
            await asyncio.gather(*(protocol.ended for _transport, protocol in made))
        result.seconds = time.perf_counter() - begun
        return result

    return uvloop.run(run())
