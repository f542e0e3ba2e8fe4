"""Whether what was promised was kept."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from web.insights.shapes import PERCENT, WORD, Column, Found, Question, Row
from web.insights.sums import chosen, run

WINDOWS = {
    "acknowledge": _("Acknowledged within the window of the severity"),
    "review": _("Review held in time"),
    "postmortem": _("Postmortem published by its due time"),
    "updates": _("Updates sent by the time promised"),
}

# (id, promise, met) of each promise whose outcome is known by now. A promised update is kept by the next word to
# the same audience, or by the incident being over before.
_KNOWN = """
, dues AS (
    SELECT chosen.id, review_held_at, document.due_at, document.published_at,
           coalesce(document.review_due_at, resolved_at + level.review_hours * interval '1 hour') AS review_due
    FROM chosen LEFT JOIN incidents_severitylevel AS level ON level.rank = chosen.severity_id
         LEFT JOIN postmortems_postmortem AS document ON document.incident_id = chosen.id
), words AS (
    SELECT chosen.id, word.next_update_due_at AS due,
           least(lead(word.sent_at) OVER (PARTITION BY chosen.id, word.audience ORDER BY word.sent_at, word.id),
                 chosen.resolved_at) AS heard
    FROM chosen JOIN incidents_incidentupdate AS word ON word.incident_id = chosen.id
    WHERE word.state = 'sent'
), known AS (
    SELECT id, 'acknowledge' AS promise, ack_window_met AS met FROM chosen WHERE ack_window_met IS NOT NULL
    UNION ALL
    SELECT id, 'review', coalesce(review_held_at <= review_due, false) FROM dues
    WHERE review_due IS NOT NULL AND (review_held_at IS NOT NULL OR review_due < %s)
    UNION ALL
    SELECT id, 'postmortem', coalesce(published_at <= due_at, false) FROM dues
    WHERE due_at IS NOT NULL AND (published_at IS NOT NULL OR due_at < %s)
    UNION ALL
    SELECT id, 'updates', coalesce(heard <= due, false) FROM words
    WHERE due IS NOT NULL AND (heard IS NOT NULL OR due < %s)
)
"""
_COUNTS = """
SELECT promise, count(*) FILTER (WHERE met) AS met, count(*) FILTER (WHERE NOT met) AS missed
FROM known GROUP BY promise
"""
COLUMNS = (
    Column("promise", _("What was promised"), WORD),
    Column("percent", _("Met"), PERCENT),
    Column("met", _("In time")),
    Column("missed", _("Late or never")),
)


def kept(question: Question) -> Found:
    """Each promise with how often it was met and missed; what is still open counts for neither. One statement."""
    found = run(
        _COUNTS,
        [question.now] * 3,
        before=_KNOWN,
        chosen=chosen(question),
    )
    counted = {row["promise"]: (row["met"], row["missed"]) for row in found}
    rows = []
    for key, label in WINDOWS.items():
        met, missed = counted.get(key, (0, 0))
        percent = round(100 * met / (met + missed)) if met + missed else None
        rows.append(
            Row(
                {"promise": str(label), "percent": percent, "met": met, "missed": missed},
                links={"met": {"promise": key, "met": "yes"}, "missed": {"promise": key, "met": "no"}},
            )
        )
    return Found(COLUMNS, rows, sum(met + missed for met, missed in counted.values()))


def ids_of(question: Question, promise: str, met: bool) -> list[int]:
    """The incidents behind one number."""
    found = run(
        "SELECT DISTINCT id FROM known WHERE promise = %s AND met = %s",
        [*[question.now] * 3, promise, met],
        before=_KNOWN,
        chosen=chosen(question),
    )
    return [row["id"] for row in found]
