from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone, translation

from core import display


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
