"""A small server of calendars for tests."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Any = self.server
        server.calls.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        status, headers, body = server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        for part in range(0, len(body), 65536):
            self.wfile.write(body[part : part + 65536])
            if server.pause:
                time.sleep(server.pause)

    def log_message(self, *_args: object) -> None:
        pass


class CalendarServer(http.server.ThreadingHTTPServer):
    """`answer` is given to every GET; `calls` are (path, headers) so far."""

    daemon_threads = True
    answer: Answer = (404, {}, b"")
    pause = 0.0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[tuple[str, dict[str, str]]] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle is part of the test."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/cal/secret-4711.ics"

    def give(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.answer = (status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@contextmanager
def calendar_server() -> Iterator[CalendarServer]:
    with CalendarServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
