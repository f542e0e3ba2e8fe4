"""How many incidents, when, where, and what came again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from web.insights.shapes import DAY, SECONDS, TIME, WORD, Column, Found, Question, Row
from web.insights.sums import chosen, run, services

# An incident of a service this soon after its last one came again.
AGAIN = dt.timedelta(days=30)

_HOURS = """
SELECT extract(isodow FROM began AT TIME ZONE %s)::int - 1 AS weekday,
       extract(hour FROM began AT TIME ZONE %s)::int AS hour, count(*) AS count
FROM chosen GROUP BY 1, 2 ORDER BY 1, 2
"""
_SERVICES = """
SELECT seen.slug, seen.name, extract(hour FROM began AT TIME ZONE %s)::int AS hour, count(*) AS count
FROM chosen JOIN incidents_incidentservice AS link ON link.incident_id = chosen.id
     JOIN seen ON seen.id = link.service_id
GROUP BY 1, 2, 3 ORDER BY sum(count(*)) OVER (PARTITION BY seen.slug) DESC, seen.name, seen.slug, hour
"""
_WEEKS = """
SELECT date_trunc('week', began AT TIME ZONE %s)::date AS week, count(*) AS count,
       count(*) FILTER (WHERE severity_id <= 1) AS severe
FROM chosen GROUP BY 1 ORDER BY 1
"""
_STEPS = """
, steps AS (SELECT chosen.id, seen.slug, seen.name, began,
        began - lag(began) OVER (PARTITION BY seen.id ORDER BY began, chosen.id) AS gap
 FROM chosen JOIN incidents_incidentservice AS link ON link.incident_id = chosen.id
      JOIN seen ON seen.id = link.service_id)
"""
_RECURRENCE = """
SELECT slug, name, count(*) AS count, count(*) FILTER (WHERE gap <= %s) AS again,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM gap)::float8) AS median_gap,
       max(began) AS last
FROM steps
GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY again DESC, count DESC, name, slug
"""


def hours(question: Question) -> Found:
    """Incidents by weekday (0 Monday) and hour of the start, where the viewer lives."""
    zone = question.scope.zone.key
    found = run(_HOURS, [zone, zone], chosen=chosen(question))
    columns = (
        Column("weekday", gettext_lazy("Weekday"), WORD),
        Column("hour", gettext_lazy("Hour"), WORD),
        Column("count", gettext_lazy("Incidents")),
    )
    rows = [
        Row(row, links={"count": {"weekday": str(row["weekday"]), "hour": str(row["hour"])}}) for row in found
    ]
    return Found(columns, rows, sum(row["count"] for row in found))


def by_service(question: Question) -> Found:
    """Incidents by service and hour of the start; one that touches two services counts for each."""
    found = run(_SERVICES, [question.scope.zone.key], chosen=chosen(question), seen=_seen(question))
    columns = (
        Column("service", gettext_lazy("Service"), WORD),
        Column("hour", gettext_lazy("Hour"), WORD),
        Column("count", gettext_lazy("Incidents")),
    )
    rows = [
        Row(
            {"service": row["name"], "hour": row["hour"], "count": row["count"]},
            links={
                "service": {"service": row["slug"]},
                "count": {"service": row["slug"], "hour": str(row["hour"])},
            },
        )
        for row in found
    ]
    return Found(columns, rows, sum(row["count"] for row in found))


def load(question: Question) -> Found:
    """Incidents of each week (from Monday) of the scope, weeks without any too."""
    scope = question.scope
    found = {row["week"]: row for row in run(_WEEKS, [scope.zone.key], chosen=chosen(question))}
    columns = (
        Column("week", gettext_lazy("Week from"), DAY),
        Column("count", gettext_lazy("Incidents")),
        Column("severe", gettext_lazy("Of severity 0 or 1")),
    )
    rows, week = [], scope.first - dt.timedelta(days=scope.first.weekday())
    while week <= scope.last:
        row = found.get(week, {"count": 0, "severe": 0})
        link = {"week": week.isoformat()}
        rows.append(
            Row(
                {"week": week, "count": row["count"], "severe": row["severe"]},
                links={"count": link, "severe": link | {"severe": "1"}},
            )
        )
        week += dt.timedelta(days=7)
    return Found(columns, rows, sum(row["count"] for row in found.values()))


def recurrence(question: Question) -> Found:
    """For each service with two or more: how often the next came within `AGAIN`, and the median time between."""
    found = run(_RECURRENCE, [AGAIN], before=_STEPS, chosen=chosen(question), seen=_seen(question))
    columns = (
        Column("service", gettext_lazy("Service"), WORD),
        Column("count", gettext_lazy("Incidents")),
        Column("again", gettext_lazy("Again within 30 days")),
        Column("median_gap_seconds", gettext_lazy("Median time between"), SECONDS),
        Column("last", gettext_lazy("Last"), TIME),
    )
    rows = [
        Row(
            {
                "service": row["name"],
                "count": row["count"],
                "again": row["again"],
                "median_gap_seconds": None if row["median_gap"] is None else round(row["median_gap"]),
                "last": row["last"],
            },
            links={"count": {"service": row["slug"]}, "again": {"service": row["slug"], "again": "1"}},
            mark=_("again") if row["again"] else "",
        )
        for row in found
    ]
    return Found(columns, rows, sum(row["count"] for row in found))


def again(question: Question) -> list[int]:
    """The incidents of the scope's service that came within `AGAIN` of the one before."""
    found = run(
        "SELECT id FROM steps WHERE gap <= %s",
        [AGAIN],
        before=_STEPS,
        chosen=chosen(question),
        seen=_seen(question),
    )
    return [row["id"] for row in found]


def _seen(question: Question) -> QuerySet[Any, Any]:
    rows = services(question)
    if question.scope.service:
        rows = rows.filter(slug=question.scope.service)
    return rows.values("id", "slug", "name")
