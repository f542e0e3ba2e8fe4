"""One mapper from domain errors to pages; and a calm answer while the database is away."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.contrib import messages
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from core.errors import DomainError, NotVisible

log = structlog.get_logger("watchbill.http")

GetResponse = Callable[[HttpRequest], HttpResponse]
_MACHINE_PATHS = ("/api/", "/compat/", "/healthz", "/readyz")


class DatabaseUnavailableMiddleware:
    """Answers 503 with Retry-After instead of 500 while Postgres restarts or the pool is exhausted."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        except (OperationalError, InterfaceError) as error:
            return self._unavailable(request, error)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError | InterfaceError):
            return self._unavailable(request, exception)
        return None

    def _unavailable(self, request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("database unavailable", path=request.path, error=str(error))
        response: HttpResponse
        if request.path.startswith(_MACHINE_PATHS):
            body = {"type": "about:blank", "title": "Service Unavailable", "status": 503}
            body |= {"code": "database_unavailable", "detail": "The database is not answering. Try again."}
            response = JsonResponse(body, status=503, content_type="application/problem+json")
        else:
            response = HttpResponse(
                "Watchbill cannot reach its database at the moment. It keeps trying; reload in a few seconds.",
                status=503,
                content_type="text/plain; charset=utf-8",
            )
        response["Retry-After"] = "2"
        return response


class DomainErrorMiddleware:
    """Turns a `DomainError` raised by a page into a message, or into the 404 and 403 pages."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        if isinstance(exception, NotVisible):
            return render(request, "404.html", status=404)
        status = 422 if exception.status == 400 else exception.status
        if getattr(request, "htmx", False):
            response = render(request, "core/partials/refused.html", {"error": exception}, status=status)
            response["HX-Retarget"] = "#toasts"
            response["HX-Reswap"] = "beforeend"
            return response
        if exception.status == 403:
            return render(request, "403.html", {"error": exception}, status=403)
        messages.error(request, exception.sentence)
        return render(request, "core/refused.html", {"error": exception}, status=status)
