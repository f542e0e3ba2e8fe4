"""How long things took: median, 90th percentile and count, by severity and by month of the start."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from web.insights.shapes import SECONDS, WORD, Column, Found, Question, Row
from web.insights.sums import chosen, run

# Figure → the two times it lies between, as columns of `chosen`.
PAIRS = {
    "acknowledge": ("noticed", "acknowledged_at"),
    "mitigate": ("began", "mitigated_at"),
    "resolve": ("began", "resolved_at"),
    "detect": ("impact_started_at", "detected_at"),
    "learn": ("resolved_at", "published"),
}
ALL = "all"
COLUMNS = (
    Column("month", _("Month"), WORD),
    Column("severity", _("Severity"), WORD),
    Column("count", _("Incidents")),
    Column("median_seconds", _("Median"), SECONDS),
    Column("p90_seconds", _("90th percentile"), SECONDS),
)

_BY_MONTH = """
SELECT month, severity_id, GROUPING(month) AS whole, GROUPING(severity_id) AS every, count(*) AS count,
       percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY took) AS marks
FROM (SELECT severity_id, to_char(began AT TIME ZONE %s, 'YYYY-MM') AS month,
             extract(epoch FROM {to} - {since})::float8 AS took
      FROM chosen WHERE {to} >= {since}) AS lengths
GROUP BY GROUPING SETS ((month, severity_id), (month), (severity_id), ())
ORDER BY whole DESC, month, every DESC, severity_id NULLS LAST
"""
_SUMMARY = "SELECT count(*) AS incidents, {medians} FROM chosen"


def by_month(question: Question, key: str) -> Found:
    """Rows of each month and severity, of each month, of each severity and of all (`all`). One statement."""
    since, to = PAIRS[key]
    found = run(_BY_MONTH.format(since=since, to=to), [question.scope.zone.key], chosen=chosen(question))
    rows = [_row(row) for row in found if row["count"]]
    total = next((row["count"] for row in found if row["whole"] and row["every"]), 0)
    return Found(COLUMNS, rows, total)


def _row(row: dict[str, Any]) -> Row:
    severity = ALL if row["every"] else "none" if row["severity_id"] is None else str(row["severity_id"])
    month = ALL if row["whole"] else row["month"]
    middle, most = row["marks"]
    link = ({} if row["whole"] else {"month": month}) | ({} if row["every"] else {"severity": severity})
    values = {
        "month": month,
        "severity": severity,
        "count": row["count"],
        "median_seconds": round(middle),
        "p90_seconds": round(most),
    }
    return Row(values, links=dict.fromkeys(("count", "median_seconds", "p90_seconds"), link))


def summary(question: Question) -> dict[str, Any]:
    """The median of each length over the whole scope in seconds (None without any), and `incidents`. One statement."""
    medians = ", ".join(
        f"percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM {to} - {since})::float8)"
        f" FILTER (WHERE {to} >= {since}) AS {key}"
        for key, (since, to) in PAIRS.items()
    )
    found = run(_SUMMARY.format(medians=medians), chosen=chosen(question))
    return found[0] if found else {"incidents": 0, **dict.fromkeys(PAIRS)}
