"""The socket application: session or token, and the origin check."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.conf import settings
from django.urls import path

from web.live.consumer import LiveConsumer


class OriginNote:
    """Notes whether the browser's Origin is this site; session sockets need it, token sockets do not."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        headers = dict(scope["headers"])
        origin = urlsplit(headers.get(b"origin", b"").decode("latin-1")).netloc
        host = headers.get(b"host", b"").decode("latin-1")
        allowed = {host, urlsplit(settings.BASE_URL).netloc}
        return await self.app({**scope, "origin_ok": bool(origin) and origin in allowed}, receive, send)


application = OriginNote(AuthMiddlewareStack(URLRouter([path("ws/", LiveConsumer.as_asgi())])))
