"""A small keep-alive HTTP client that posts as fast as it can, in one process.

It shares the machine with what it measures, so it does as little as it can for each request.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import uvloop


@dataclass
class Result:
    """Latencies in seconds and answers by status; `seconds` is the time of the whole run."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Accepted a second."""
        return self.statuses[202] / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class _Pace:
    """When requests are due: at once, or `rate` a second from the beginning."""

    def __init__(self, begun: float, deadline: float, rate: float | None) -> None:
        self.begun, self.deadline, self.rate, self.count = begun, deadline, rate, 0

    def next(self, now: float) -> float:
        if self.rate is None:
            return now
        self.count += 1
        return self.begun + (self.count - 1) / self.rate


class _Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is complete."""

    def __init__(self, requests: Iterator[tuple[str, bytes]], result: Result, pace: _Pace) -> None:
        self.requests, self.result, self.pace = requests, result, pace
        self.ended = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.started = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.next()

    def next(self) -> None:
        """Send the next one when its time has come; it counts from then, however long a connection was missing."""
        now = time.perf_counter()
        self.started = self.pace.next(now)
        if self.started > now:
            asyncio.get_running_loop().call_later(self.started - now, self.send)
        else:
            self.send()

    def send(self) -> None:
        found = next(self.requests, None) if time.perf_counter() < self.pace.deadline else None
        if found is None:
            self.transport.close()
            return
        path, body = found
        self.transport.write(
            b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (path.encode(), len(body), body)
        )

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return
        _before, _name, length = head.lower().partition(b"content-length:")
        if len(rest) < int(length.partition(b"\r\n")[0]):
            return
        self.buffer = b""
        self.result.latencies.append(time.perf_counter() - self.started)
        self.result.statuses[int(head[9:12])] += 1
        self.next()

    def connection_lost(self, error: Exception | None) -> None:
        self.ended.set_result(None)


def post_all(
    port: int,
    requests: Iterator[tuple[str, bytes]],
    *,
    connections: int = 32,
    seconds: float = 5.0,
    rate: float | None = None,
) -> Result:
    """Post `(path, body)` pairs until they end or the time is over; with `rate` not more than that a second."""

    async def run() -> Result:
        result, begun = Result(), time.perf_counter()
        loop, pace = asyncio.get_running_loop(), _Pace(begun, begun + seconds, rate)
        made = [
            await loop.create_connection(lambda: _Connection(requests, result, pace), "127.0.0.1", port)
            for _each in range(connections)
        ]
        async with asyncio.timeout(seconds + 30):
            await asyncio.gather(*(protocol.ended for _transport, protocol in made))
        result.seconds = time.perf_counter() - begun
        return result

    return uvloop.run(run())
