"""`Idempotency-Key` on POST: the first answer is kept for 24 hours and given again."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import Conflict, field_error
from core.models import IdempotentRequest


class IdempotencyMixin:
    """Wraps POST handlers so that a repeated key returns the stored answer.

    Handler and record share one transaction: a crash leaves neither. A key used again with another
    path or body is refused with 409.
    """

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        key = request.headers.get("Idempotency-Key", "")
        if request.method != "POST" or not key:
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        self._idempotency_key = key
        with transaction.atomic():
            response = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
            if response.status_code >= 400:
                transaction.set_rollback(True)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        key = getattr(self, "_idempotency_key", None)
        if key is None:
            return
        if len(key) > 200 or not key.isprintable():
            raise field_error("Idempotency-Key", "At most 200 printable characters.")
        actor = request.actor  # type: ignore[attr-defined]
        owner = f"token:{actor.token_id}" if actor.token_id else f"user:{actor.user_id}"
        body = orjson.dumps([request.path, request.data], option=orjson.OPT_SORT_KEYS, default=str)
        fingerprint = hashlib.sha256(body).hexdigest()
        row, created = IdempotentRequest.objects.get_or_create(
            owner=owner, key=key, defaults={"fingerprint": fingerprint}
        )
        if created:
            self._idempotent_row = row
            return
        if row.fingerprint != fingerprint:
            raise Conflict(
                "This Idempotency-Key was used with another request.", code="idempotency_key_reused"
            )
        raise Replay(row)

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Replay):
            return Response(exc.row.body, status=exc.row.status, headers={"Idempotent-Replayed": "true"})
        return super().handle_exception(exc)  # type: ignore[misc]

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        row = getattr(self, "_idempotent_row", None)
        if row is not None and response.status_code < 400:
            stored = orjson.loads(response.rendered_content) if response.data is not None else None
            IdempotentRequest.objects.filter(pk=row.pk).update(status=response.status_code, body=stored)
        return response


class Replay(Exception):
    """Carries the stored answer to the exception handler."""

    def __init__(self, row: IdempotentRequest) -> None:
        self.row = row
        super().__init__(row.key)
