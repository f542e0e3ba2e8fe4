"""Errors of the REST API as RFC 9457 problem details (`application/problem+json`)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from core.errors import DomainError, TooMany

CONTENT_TYPE = "application/problem+json"


def problem(
    status: int, code: str, detail: str, errors: dict[str, list[str]] | None = None
) -> dict[str, Any]:
    """The body of a problem response: type, title, status, detail, code, errors{field: [..]}."""
    return {
        "type": f"/api/docs/#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": errors or {},
    }


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF exception handler: every refusal becomes one shape."""
    headers: dict[str, str] = {}
    if isinstance(exc, DomainError):
        body = problem(exc.status, exc.code, exc.sentence, exc.fields)
        if isinstance(exc, TooMany):
            headers["Retry-After"] = str(exc.retry_after)
    elif isinstance(exc, Http404 | exceptions.NotFound):
        body = problem(404, "not_found", "There is nothing here.")
    elif isinstance(exc, PermissionDenied):
        body = problem(403, "not_allowed", "You may not do that.")
    elif isinstance(exc, exceptions.ValidationError):
        errors = flatten(exc.detail)
        first = next(iter(errors.items()), ("", ["Some of the input is not valid."]))
        body = problem(400, "invalid", f"{first[0]}: {first[1][0]}" if first[0] else first[1][0], errors)
    elif isinstance(exc, exceptions.APIException):
        code = exc.get_codes()
        body = problem(exc.status_code, code if isinstance(code, str) else "error", str(exc.detail))
        if isinstance(exc, exceptions.Throttled):
            headers["Retry-After"] = str(max(1, int(getattr(exc, "wait", None) or 1)))
        if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            headers["WWW-Authenticate"] = "Bearer"
    else:
        return None
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Nested serializer errors as `{"steps.0.targets": ["reason"]}`."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for key, value in detail.items():
            name = prefix if key == "non_field_errors" else f"{prefix}.{key}".strip(".")
            found |= flatten(value, name)
        return found
    if isinstance(detail, list):
        if all(not isinstance(item, dict | list) for item in detail):
            return {prefix: [str(item) for item in detail]}
        found = {}
        for index, item in enumerate(detail):
            if item:
                found |= flatten(item, f"{prefix}.{index}".strip("."))
        return found
    return {prefix: [str(detail)]}
