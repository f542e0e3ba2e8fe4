"""Addresses that answer without sign-in unless a setting closes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

View = Callable[..., Any]


def schema_gate(view: View) -> View:
    """Open when `API_SCHEMA_PUBLIC`; else only for people signed in."""

    @wraps(view)
    def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.API_SCHEMA_PUBLIC or request.user.is_authenticated:
            return view(request, *args, **kwargs)  # type: ignore[no-any-return]
        return JsonResponse({"detail": "Sign in first."}, status=401)

    return gated
