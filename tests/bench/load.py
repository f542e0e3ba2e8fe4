"""A small keep-alive HTTP client that posts as fast as it can, in one process."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field


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


async def post_all(
    port: int, requests: Iterator[tuple[str, bytes]], *, connections: int = 32, seconds: float = 5.0
) -> Result:
    """Post `(path, body)` pairs until they end or the time is over."""
    result = Result()
    deadline = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for path, body in requests:
                started = time.perf_counter()
                if started > deadline:
                    return
                head = (
                    f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n"
                )
                writer.write(head.encode() + body)
                answer = await reader.readuntil(b"\r\n\r\n")
                lines = answer.lower().split(b"\r\n")
                length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
                await reader.readexactly(length)
                result.latencies.append(time.perf_counter() - started)
                result.statuses[int(answer[9:12])] += 1
        finally:
            writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _each in range(connections)))
    result.seconds = time.perf_counter() - begun
    return result
