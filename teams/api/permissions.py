from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from core.errors import NotAllowed


class ScopePermission(BasePermission):
    """Needs somebody signed in whose token has the view's `read_scope` or `write_scope`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        actor = getattr(request, "actor", None)
        if actor is None:
            return False
        read = request.method in SAFE_METHODS
        needed = getattr(view, "read_scope", "read") if read else getattr(view, "write_scope", "manage")
        if needed is None or needed in actor.scopes:
            return True
        raise NotAllowed(f"This token lacks the scope “{needed}”.", code="scope_missing")
