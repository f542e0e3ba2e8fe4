"""Where the handler hangs: before Django in both servers, and as a Django view for everything else."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import get_bytes_from_wsgi
from django.db import DataError, InterfaceError, OperationalError, close_old_connections
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from alerts.intake.messages import MAX_BODY, MAX_WIRE, IntakeRequest, Reply, problem
from alerts.intake.receive import PREFIXES, failed, handle, is_quick, prepare
from alerts.intake.writer import writer

_THREADS = 8
_executor = concurrent.futures.ThreadPoolExecutor(_THREADS, thread_name_prefix="intake")


def _handle(request: IntakeRequest) -> Reply:
    """`handle`, with the thread's database connection given back to the pool afterwards."""
    try:
        return handle(request, store=writer.store)
    finally:
        close_old_connections()


async def _handle_soon(request: IntakeRequest) -> Reply:
    """The same for the event loop, without a thread of its own where none is needed."""
    if not is_quick(request):
        return await asyncio.get_running_loop().run_in_executor(_executor, _handle, request)
    found = prepare(request)
    if isinstance(found, Reply):
        return found
    try:
        return found.then(await writer.store_soon(found.batch))
    except (OperationalError, InterfaceError, DataError) as error:
        return failed(error, found)


class IntakeASGI:
    """Takes intake addresses; everything else goes to `app`."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIXES):
            await self.app(scope, receive, send)
            return
        chunks: list[bytes] = []
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
        request = IntakeRequest(
            method=scope["method"],
            path=scope["path"],
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"))),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=b"".join(chunks),
        )
        reply = await _handle_soon(request)
        body = reply.encode()
        headers = [
            (b"content-type", reply.content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            *((name.lower().encode(), value.encode()) for name, value in reply.headers.items()),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class IntakeWSGI:
    """The same for a WSGI server."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = get_bytes_from_wsgi(environ, "PATH_INFO", "/").decode("utf-8", "replace")
        if not path.startswith(PREFIXES):
            return self.app(environ, start_response)
        reply = self._reply(environ, path)
        body = reply.encode()
        headers = [("Content-Type", reply.content_type), ("Content-Length", str(len(body)))]
        start_response(
            f"{reply.status} {reply.body.get('title', 'OK')}", headers + list(reply.headers.items())
        )
        return [body]

    def _reply(self, environ: dict[str, Any], path: str) -> Reply:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > MAX_WIRE:
            return problem(413, "too_large", f"A body may hold at most {MAX_BODY} bytes.")
        body = environ["wsgi.input"].read(int(length)) if int(length) else b""
        headers = {
            name[5:].replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        return _handle(IntakeRequest(environ["REQUEST_METHOD"], path, query, headers, body))


@csrf_exempt
def intake_view(request: HttpRequest, **_kwargs: str) -> HttpResponse:
    """The handler as a Django view."""
    try:
        body = request.body
    except RequestDataTooBig:
        reply = problem(413, "too_large", f"A body may hold at most {MAX_BODY} bytes.")
    else:
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = {name: request.GET[name] for name in request.GET}
        reply = handle(IntakeRequest(request.method or "GET", request.path, query, headers, body))
    return HttpResponse(
        reply.encode(), status=reply.status, content_type=reply.content_type, headers=reply.headers
    )
