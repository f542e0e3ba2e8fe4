"""News for open on-call pages: `oncall.changed` on `team:<slug>`, `oncall.request` on `me`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core import clock
from core.live.publishing import publish_entry
from oncall.models import Schedule, ShiftRequest
from oncall.selectors.naming import schedules_serving
from teams.live import team_scope
from teams.models import Team

CHANGED, REQUEST = "oncall.changed", "oncall.request"
# A socket may have 50 topics; a page leaves room for its others.
_MOST_TEAMS = 40


def topics_of(teams: Iterable[Team]) -> str:
    """The topics of these teams, as `{% live %}` takes them; the first 40."""
    slugs = dict.fromkeys(team.slug for team in teams)
    return " ".join(f"team:{slug}" for slug in list(slugs)[:_MOST_TEAMS])


def push_change(team_id: int, schedule_id: int | None, what: str) -> None:
    """Say that on-call data of a team is another now; nothing of it is told, pages read it anew."""
    team = Team.objects.filter(pk=team_id).first()
    if team is not None:
        _push(team, schedule_id, what)


def push_leave(user_id: int) -> None:
    """Leave of a person shows on the schedules they serve in, and on their own page."""
    ids = [row.pk for row in schedules_serving([user_id])]
    for schedule in Schedule.objects.filter(pk__in=ids).select_related("team").order_by("pk"):
        _push(schedule.team, schedule.pk, "leave")
    _push_to(user_id, {"what": "leave"}, CHANGED)


def push_request(request_id: int, what: str) -> None:
    """Both people of a request for cover or a swap see where it stands."""
    row = ShiftRequest.objects.filter(pk=request_id).first()
    if row is None:
        return
    for user_id in sorted({row.user_id, row.offered_to_id} - {None}):
        _push_to(user_id, {"request": row.pk, "what": what}, REQUEST)


def _push(team: Team, schedule_id: int | None, what: str) -> None:
    publish_entry(
        topic=f"team:{team.slug}",
        event=CHANGED,
        data={"schedule": schedule_id, "what": what},
        scope=team_scope(team),
        now=clock.now(),
    )


def _push_to(user_id: int, data: dict[str, Any], event: str) -> None:
    publish_entry(topic=f"user:{user_id}", event=event, data=data, scope={"user": user_id}, now=clock.now())
