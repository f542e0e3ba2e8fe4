"""Error pages; machines get problem JSON."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from core.api.errors import CONTENT_TYPE, problem

_API = ("/api/", "/compat/")


def _answer(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    if request.path.startswith(_API):
        return JsonResponse(problem(status, code, detail), status=status, content_type=CONTENT_TYPE)
    return render(request, f"{status}.html", status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400, "bad_request", "The request cannot be understood.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, "not_allowed", "You may not do that.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, "not_found", "There is nothing here.")


def server_error(request: HttpRequest, *args: Any) -> HttpResponse:
    if request.path.startswith(_API):
        return _answer(request, 500, "server_error", "Something broke here; it has been logged.")
    return render(request, "500.html", status=500)
