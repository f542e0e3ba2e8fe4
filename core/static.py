"""Static files under ASGI."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]
from whitenoise.responders import StaticFile  # type: ignore[import-untyped]

# Vite puts eight letters of a hash before the ending.
_HASHED = re.compile(r"/assets/[^/]+-[\w-]{8}\.\w+$")


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """Whitenoise, but sends each file as one body.

    Its file response is a stream that Django, under ASGI, would read whole in another thread before sending
    the first byte, and warn of it with every request. Files are small: the largest has about 2 MB.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        body = b""
        if found.file is not None:
            with found.file as stream:
                body = stream.read()
        response = HttpResponse(body, status=int(found.status))
        del response["content-type"]
        for name, value in found.headers:
            response[name] = value
        return response

    def immutable_file_test(self, path: str, url: str) -> bool:
        """Whether the name changes with the content, so that browsers need never ask again."""
        found: Any = super().immutable_file_test(path, url)
        return bool(found) or _HASHED.search(url) is not None
