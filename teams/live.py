"""Who may receive live messages about what belongs to a team."""

from __future__ import annotations

from typing import Any

from teams.choices import TeamVisibility
from teams.models import Team


def team_scope(team: Team | None) -> dict[str, Any]:
    """The scope of something everybody may see who sees the team; without a team, everybody."""
    return {
        "open": True,
        "team": team.pk if team else None,
        "organisation": team is None or team.visibility == TeamVisibility.ORGANISATION,
    }
