"""What must be done before an incident may enter a state. All that is in the way is named at once."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import details, hooks
from incidents.actions.criteria import verdicts
from incidents.choices import CriterionKind, IncidentStatus
from incidents.criteria import describe
from incidents.errors import NotFinished
from incidents.models import Incident
from incidents.tasklists import tasks_in_the_way

S = IncidentStatus


def check(incident: Incident, status: str, now: dt.datetime) -> None:
    """Raise `NotFinished` with every reason; its code is that of the first."""
    found = in_the_way(incident, status, now)
    if found:
        code, _reason = found[0]
        raise NotFinished(" ".join(reason for _code, reason in found), code=code)


def in_the_way(incident: Incident, status: str, now: dt.datetime) -> list[tuple[str, str]]:
    """(code, sentence) of each thing that keeps the incident from `status`; empty when nothing does."""
    return [
        *(_exit(incident, now) if status == S.RESOLVED else ()),
        *_unanswered(incident, status),
        *_tasks(incident, status),
        *(_closing(incident) if status == S.CLOSED else ()),
    ]


def _exit(incident: Incident, now: dt.datetime) -> list[tuple[str, str]]:
    """Firing alerts are in the way whether or not somebody wrote that down as a criterion."""
    found: list[tuple[str, str]] = []
    if incident.firing_count:
        text = ngettext(
            "%(firing)s of %(all)s alerts still fires.",
            "%(firing)s of %(all)s alerts still fire.",
            incident.firing_count,
        )
        found.append(("alerts_firing", text % {"firing": incident.firing_count, "all": incident.alert_count}))
    for verdict in verdicts(incident, now):
        row = verdict.criterion
        if verdict.met or (found and row.kind == CriterionKind.ALERTS_CLEAR):
            continue
        words = {"what": describe(row.kind, row.minutes, row.text), "why": verdict.why}
        found.append(("criteria_open", _("“%(what)s” does not hold: %(why)s.") % words))
    return found


def _unanswered(incident: Incident, status: str) -> list[tuple[str, str]]:
    missing = details.missing_for(status, details.definitions(), incident)
    return [("field_missing", _("“%(field)s” is not answered.") % {"field": row.label}) for row in missing]


def _tasks(incident: Incident, status: str) -> list[tuple[str, str]]:
    rows = tasks_in_the_way(incident, status)
    return [("task_open", _("The task “%(task)s” is not done.") % {"task": row.title}) for row in rows]


def _closing(incident: Incident) -> list[tuple[str, str]]:
    left = hooks.follow_ups(incident.pk)
    level = incident.severity
    needs_review = level is not None and level.postmortem_required
    found: list[tuple[str, str]] = []
    if needs_review and (incident.status == S.RESOLVED or not left.published):
        found.append(
            ("review_needed", _("%(level)s needs a published review before it is closed.") % {"level": level})
        )
    elif left.published is False:
        found.append(("review_open", _("Its postmortem is not published yet.")))
    if left.incomplete:
        text = ngettext(
            "%(count)s follow-up has no owner or no date.",
            "%(count)s follow-ups have no owner or no date.",
            left.incomplete,
        )
        found.append(("follow_ups_incomplete", text % {"count": left.incomplete}))
    if incident.workaround and not left.total:
        found.append(
            (
                "follow_up_missing",
                _("It runs on a workaround: write a follow-up for the lasting repair first."),
            )
        )
    return found
