"""Who calls the API: a bearer token, or the browser's session."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from teams.actor import actor_for
from teams.selectors import token_by_secret


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; unknown, revoked and expired tokens answer 401."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        header = request.headers.get("Authorization", "")
        scheme, _space, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = token_by_secret(secret.strip())
        if token is None:
            raise exceptions.AuthenticationFailed("The token is not known, has expired or was revoked.")
        _set_actor(request, actor_for(token.user, via="api", token=token))
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class SessionAuthentication401(SessionAuthentication):
    """The browser's session, with CSRF check; anonymous calls answer 401, not 403."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        if found is not None:
            _set_actor(request, actor_for(found[0], via="web"))
        return found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _set_actor(request: Request, actor: Any) -> None:
    request.actor = actor  # type: ignore[attr-defined]
    request._request.actor = actor  # type: ignore[attr-defined]
