"""What alerts and pages cost people. The numbers are those of the noise page and of rotation health."""

from __future__ import annotations

from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.noise import report
from oncall.health_figures import WEEKS
from oncall.selectors.health import rotation_health
from teams.choices import TeamRole
from teams.models import Membership, Team
from web.insights.shapes import SECONDS, WORD, Column, Found, Question, Row

LOUDEST = 10


def noise(question: Question) -> Found:
    """The loudest alerts of the scope's last days, counted back from now."""
    scope = question.scope
    found = report(
        question.actor, days=_back(question), now=question.now, team=scope.team, service=scope.service
    )
    columns = (
        Column("alert", gettext_lazy("Alert"), WORD),
        Column("service", gettext_lazy("Service"), WORD),
        Column("fired", gettext_lazy("Fired")),
        Column("repeats", gettext_lazy("Repeats")),
        Column("ignored", gettext_lazy("Never acknowledged")),
        Column("alone", gettext_lazy("Over in 5 min")),
    )
    rows = []
    for row in found.rows[:LOUDEST]:
        query = {"q": row.name} | ({"service": row.service_slug} if row.service_slug else {})
        values = {key: getattr(row, key) for key in ("service", "fired", "repeats", "ignored", "alone")}
        rows.append(Row({"alert": row.name, **values}, urls={"alert": f"/alerts/?{urlencode(query)}"}))
    return Found(columns, rows, found.fired)


def nights(question: Question) -> Found:
    """Interrupted nights by person, of 4, 8 or 12 weeks before now. Oneself, and whoever one leads; admins see all."""
    actor, scope = question.actor, question.scope
    weeks = next((each for each in WEEKS if each * 7 >= _back(question)), WEEKS[-1])
    columns = (
        Column("person", gettext_lazy("Person"), WORD),
        Column("interrupted_nights", gettext_lazy("Interrupted nights")),
        Column("pages_high", gettext_lazy("Urgent pages")),
        Column("pages_outside_work", gettext_lazy("Pages outside work")),
        Column("on_call_seconds", gettext_lazy("On call"), SECONDS),
    )
    team = Team.objects.visible_to(actor).filter(slug=scope.team).first() if scope.team else None
    if scope.team and team is None:
        return Found(columns, [], 0)
    health = rotation_health(actor, question.now, weeks=weeks, team=team)
    people = health.people
    if not actor.is_admin:
        led = Membership.objects.filter(team_id__in=actor.teams_with(TeamRole.MANAGER))
        shown = {actor.user_id, *led.values_list("user_id", flat=True)}
        people = [row for row in people if row.user.pk in shown]
    query = urlencode({"weeks": weeks} | ({"team": team.slug} if team else {}))
    rows = [
        Row(
            {
                "person": row.user.name,
                "interrupted_nights": row.nights,
                "pages_high": row.pages.high,
                "pages_outside_work": row.pages.outside_work,
                "on_call_seconds": round(row.served.total.total_seconds()),
            },
            urls={"interrupted_nights": f"/oncall/health/?{query}"},
        )
        for row in sorted(people, key=lambda row: (-row.nights, -row.pages.high, row.user.name))
    ]
    note = _("The last %(weeks)d weeks.") % {"weeks": weeks}
    return Found(columns, rows, len(rows), note=note)


def _back(question: Question) -> int:
    """Days from the scope's first day to now."""
    return max(1, (question.now - question.scope.start).days + 1)
