"""What came of it: action items done by their day, and factors that come again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import Incident, IncidentService
from postmortems.choices import FactorKind, ItemClass, ItemStatus
from postmortems.models import ActionItem
from web.insights.shapes import PERCENT, TIME, WORD, Column, Found, Question, Row
from web.insights.sums import COUNTED, chosen, of_severities, run, services

# A factor that comes back this soon is marked.
AGAIN = dt.timedelta(days=90)
STATES = ("on_time", "late", "overdue", "running", "dropped")

_USES = """
, uses AS (SELECT chosen.id AS incident, factor.id, factor.kind, factor.name, began,
        began - lag(began) OVER (PARTITION BY factor.id ORDER BY began, chosen.id) AS gap
 FROM chosen JOIN postmortems_postmortem AS document ON document.incident_id = chosen.id
      JOIN postmortems_contributingfactor AS use ON use.postmortem_id = document.id
      JOIN postmortems_factor AS factor ON factor.id = use.factor_id)
"""
_FACTORS = """
SELECT id, kind, name, count(*) AS count, max(began) AS last, count(*) FILTER (WHERE gap <= %s) AS again
FROM uses
GROUP BY 1, 2, 3 ORDER BY count DESC, last DESC, name
"""
_ITEMS = """
SELECT team.name, team.slug, item_class, count(*) AS count,
       count(*) FILTER (WHERE state = 'on_time') AS on_time, count(*) FILTER (WHERE state = 'late') AS late,
       count(*) FILTER (WHERE state = 'overdue') AS overdue, count(*) FILTER (WHERE state = 'running') AS running,
       count(*) FILTER (WHERE state = 'dropped') AS dropped
FROM (SELECT team_id, item_class, CASE
             WHEN status = 'wont_do' THEN 'dropped'
             WHEN status = 'done' AND (closed_at AT TIME ZONE %s)::date <= due_on THEN 'on_time'
             WHEN status = 'done' THEN 'late'
             WHEN due_on < %s THEN 'overdue' ELSE 'running' END AS state
      FROM items) AS states LEFT JOIN teams_team AS team ON team.id = states.team_id
GROUP BY 1, 2, 3 ORDER BY team.name NULLS LAST, team.slug, item_class
"""


def factors(question: Question) -> Found:
    """Contributing factors of the postmortems of these incidents, and how often each came again within `AGAIN`."""
    found = run(_FACTORS, [AGAIN], before=_USES, chosen=chosen(question))
    columns = (
        Column("factor", gettext_lazy("Factor"), WORD),
        Column("kind", gettext_lazy("Kind"), WORD),
        Column("count", gettext_lazy("Incidents")),
        Column("again", gettext_lazy("Came again within 90 days")),
        Column("last", gettext_lazy("Last"), TIME),
    )
    rows = [
        Row(
            {
                "factor": row["name"],
                "kind": str(FactorKind(row["kind"]).label),
                "count": row["count"],
                "again": row["again"],
                "last": row["last"],
            },
            links={"count": {"factor": str(row["id"])}, "again": {"factor": str(row["id"]), "again": "1"}},
            mark=_("came again") if row["again"] else "",
        )
        for row in found
    ]
    return Found(columns, rows, len(rows))


def again(question: Question, factor: int) -> list[int]:
    """The incidents in which the factor came again within `AGAIN`."""
    found = run(
        "SELECT incident FROM uses WHERE id = %s AND gap <= %s",
        [factor, AGAIN],
        before=_USES,
        chosen=chosen(question),
    )
    return [row["incident"] for row in found]


def items(question: Question) -> QuerySet[ActionItem]:
    """Items the actor may see that were due in the scope; those of drills and the like do not count."""
    scope = question.scope
    rows = ActionItem.objects.visible_to(question.actor).filter(
        due_on__gte=scope.first, due_on__lte=scope.last
    )
    rows = rows.filter(Q(incident__isnull=True) | Q(incident__in=Incident.objects.filter(COUNTED)))
    if scope.team:
        rows = rows.filter(team__slug=scope.team)
    if scope.service:
        touched = IncidentService.objects.filter(service__in=services(question).filter(slug=scope.service))
        rows = rows.filter(incident__in=touched.values("incident_id"))
    if scope.severities:
        rows = rows.filter(incident__isnull=False).filter(of_severities(scope.severities, "incident__"))
    found: QuerySet[ActionItem] = rows.order_by()
    return found


def on_time(question: Question) -> Found:
    """Of what was due: done by its day (the viewer's), later, not yet, or dropped; by team and class."""
    zone = question.scope.zone
    rows = items(question).values("team_id", "item_class", "status", "closed_at", "due_on")
    found = run(_ITEMS, [zone.key, _today(question)], items=rows)
    columns = (
        Column("team", gettext_lazy("Team"), WORD),
        Column("class", gettext_lazy("Class"), WORD),
        Column("percent", gettext_lazy("On time"), PERCENT),
        Column("on_time", gettext_lazy("Done by its day")),
        Column("late", gettext_lazy("Done late")),
        Column("overdue", gettext_lazy("Overdue")),
        Column("running", gettext_lazy("Not due yet")),
        Column("dropped", gettext_lazy("Will not be done")),
    )
    return Found(columns, [_item_row(row) for row in found], sum(row["count"] for row in found))


def _item_row(row: dict[str, Any]) -> Row:
    settled = row["on_time"] + row["late"] + row["overdue"]
    link = {"class": row["item_class"], "of_team": row["slug"] or "none"}
    values = {
        "team": row["name"] or _("Organisation"),
        "class": str(ItemClass(row["item_class"]).label),
        "percent": round(100 * row["on_time"] / settled) if settled else None,
        **{state: row[state] for state in STATES},
    }
    return Row(values, links={state: link | {"state": state} for state in STATES})


def items_behind(question: Question, cell: dict[str, str]) -> QuerySet[ActionItem]:
    """The items of one number."""
    rows = items(question)
    if cell.get("class") in ItemClass.values:
        rows = rows.filter(item_class=cell["class"])
    if cell.get("of_team"):
        named = cell["of_team"]
        rows = rows.filter(team__isnull=True) if named == "none" else rows.filter(team__slug=named)
    rows = rows.annotate(closed_on=TruncDate("closed_at", tzinfo=question.scope.zone))
    ends = Q(closed_on__lte=F("due_on"))
    conditions = {
        "on_time": Q(status=ItemStatus.DONE) & ends,
        "late": Q(status=ItemStatus.DONE) & ~ends,
        "overdue": Q(closed_at__isnull=True, due_on__lt=_today(question)),
        "running": Q(closed_at__isnull=True, due_on__gte=_today(question)),
        "dropped": Q(status=ItemStatus.WONT_DO),
    }
    state = cell.get("state", "")
    return rows.filter(conditions[state]) if state in conditions else rows


def _today(question: Question) -> dt.date:
    return question.now.astimezone(question.scope.zone).date()
