"""What the admin of this room shares."""

from __future__ import annotations

from django.http import HttpRequest

from teams.actor import Actor, actor_for


def acting(request: HttpRequest) -> Actor:
    """Whoever is signed in."""
    return actor_for(request.user, via="admin")  # type: ignore[arg-type]  # admin lets users in alone
