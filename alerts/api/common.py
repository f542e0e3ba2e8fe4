"""What the endpoints of this room share."""

from __future__ import annotations

from core.errors import field_error
from services.models import Service
from teams.actor import Actor
from teams.models import Team


def service_id(actor: Actor, name: str) -> int:
    """A visible service by slug or id; `InvalidInput` otherwise."""
    visible = Service.objects.visible_to(actor)
    found = visible.filter(slug=name).values_list("pk", flat=True).first()
    if found is None and name.isdecimal() and name.isascii() and len(name) < 19:
        found = visible.filter(pk=int(name)).values_list("pk", flat=True).first()
    if found is None:
        raise field_error("service", f"There is no service “{name[:80]}”.")
    return int(found)


def team_id(actor: Actor, slug: str) -> int:
    """A visible team by slug; `InvalidInput` otherwise."""
    found = Team.objects.visible_to(actor).filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise field_error("team", f"There is no team “{slug[:80]}”.")
    return int(found)
