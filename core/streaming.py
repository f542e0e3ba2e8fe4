"""Answers that are sent piece by piece: long texts, and files of people."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.http import content_disposition_header

from core import display
from core.errors import NotVisible
from core.kept import Folder

_CHUNK = 64 * 1024


class Row(Protocol):
    """What is known of a file. `path`: as `Folder.store` gave it; `size` in bytes; `sha256` of its bytes."""

    name: str
    path: str
    content_type: str
    size: int
    sha256: str


def streamed(
    request: HttpRequest, pieces: Iterator[bytes] | Iterator[str], *, content_type: str
) -> StreamingHttpResponse:
    """An answer sent piece by piece. Under ASGI each piece is made when the one before is on its way; Django
    would otherwise collect them all first."""
    if not isinstance(request, ASGIRequest):
        return StreamingHttpResponse(pieces, content_type=content_type)

    async def one_by_one() -> AsyncIterator[bytes | str]:
        following = sync_to_async(lambda: next(pieces, None), thread_sensitive=True)
        while (piece := await following()) is not None:
            yield piece

    return StreamingHttpResponse(one_by_one(), content_type=content_type)


def as_now(pieces: Iterator[str]) -> Iterator[str]:
    """The pieces, each made with the zone, language and way of showing times of the present request, which are no
    longer set when the answer is sent."""
    zone, language, shown = timezone.get_current_timezone(), translation.get_language(), display.current()

    def each() -> Iterator[str]:
        while True:
            with timezone.override(zone), translation.override(language), display.override(shown):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    return each()


def kept_file(request: HttpRequest, folder: Folder, row: Row, *, inline: bool) -> HttpResponseBase:
    """A file to somebody who may see it, harmless in a browser; `NotVisible` when its bytes are gone.

    It is asked for again each time, so that what was taken away stays away.
    """
    response = _whole(request, folder, row)
    named = content_disposition_header(not inline, row.name)
    response["Content-Disposition"] = named or ("inline" if inline else "attachment")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = f'"{row.sha256}"'
    return response


def _whole(request: HttpRequest, folder: Folder, row: Row) -> HttpResponseBase:
    if f'"{row.sha256}"' in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified()
    if request.method == "HEAD":
        return HttpResponse(content_type=row.content_type)
    path = folder.location(row.path)
    if not path.is_file():
        raise NotVisible
    response = streamed(request, _pieces(path), content_type=row.content_type)
    response["Content-Length"] = str(row.size)
    return response


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while piece := opened.read(_CHUNK):
            yield piece
