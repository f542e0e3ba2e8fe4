"""What the sections of a new postmortem say, from the record of its incident. Reads alone; markdown out.

People appear by role wherever the record says their role; times are UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from incidents.actions.update_templates import words_of
from incidents.choices import CauseState, EntryKind, UpdateState
from incidents.models import (
    ExitCriterion,
    ImpactRow,
    Incident,
    IncidentUpdate,
    PlaybookRun,
    RoleAssignment,
    SuspectedCause,
    TimelineEntry,
)
from incidents.sentences import sentence
from postmortems.choices import SectionKey
from services.models import ChangeEvent

TIMELINE_ROWS = 200
_CHANGES_BEFORE = dt.timedelta(hours=6)
_CHANGES = 20
_PAIRS = (
    # Named time, and from which other it is counted; the pairs every figure of the product uses.
    ("Detected", "detected_at", "impact_started_at"),
    ("Acknowledged", "acknowledged_at", "detected_at"),
    ("Commander assigned", "commander_assigned_at", "detected_at"),
    ("First internal update", "first_internal_update_at", "detected_at"),
    ("First public update", "first_public_update_at", "detected_at"),
    ("Cause known", "cause_known_at", "detected_at"),
    ("Mitigated", "mitigated_at", "impact_started_at"),
    ("Verified", "verified_at", "impact_started_at"),
    ("Resolved", "resolved_at", "impact_started_at"),
)


@dataclass(frozen=True)
class Filled:
    """Section key → markdown, and the timeline rows (seq) that are in *what happened*."""

    texts: dict[str, str]
    entries: list[int]


def fill_from(incident: Incident) -> Filled:
    """Everything the record can say; sections it says nothing of are left out. About ten statements."""
    rows = timeline_rows(incident)
    texts = {
        SectionKey.IMPACT: _impact(incident),
        SectionKey.TIMELINE: timeline_text(rows),
        SectionKey.RESPONSE: _response(incident),
        SectionKey.CAUSES: _causes(incident),
        SectionKey.RECOVERY: _recovery(incident),
        SectionKey.LINKS: _links(incident),
        SectionKey.MESSAGES: _messages(incident),
        SectionKey.PROCESS: _process(incident),
    }
    return Filled({str(key): text for key, text in texts.items() if text}, [row.seq for row in rows])


def timeline_rows(incident: Incident, *, leave_out: Iterable[int] = ()) -> list[TimelineEntry]:
    """The starred rows, or all when none is starred, oldest first; at most `TIMELINE_ROWS`."""
    rows = TimelineEntry.objects.filter(incident=incident, redacted_at__isnull=True)
    starred = rows.filter(starred=True)
    chosen = (starred if starred.exists() else rows).exclude(seq__in=list(leave_out))
    return list(chosen.order_by("happened_at", "seq")[:TIMELINE_ROWS])


def timeline_text(rows: Sequence[TimelineEntry]) -> str:
    """One line a row, with a head for each day when there are several, and the evidence linked."""
    days = {row.happened_at.astimezone(dt.UTC).date() for row in rows}
    lines: list[str] = []
    day: dt.date | None = None
    for row in rows:
        at = row.happened_at.astimezone(dt.UTC)
        if len(days) > 1 and at.date() != day:
            lines += ([""] if lines else []) + [f"### {at:%A, %-d %B %Y}", ""]
        day = at.date()
        words = " — ".join(part for part in (sentence(row), " ".join(row.text.split())) if part)
        proof = f" ([{_('evidence')}]({row.evidence_link}))" if row.evidence_link else ""
        lines.append(f"- {at:%Y-%m-%d %H:%M} UTC: {words}{proof}")
    return "\n".join(lines)


def _impact(incident: Incident) -> str:
    lines = [incident.impact] if incident.impact else []
    services = ", ".join(row.service.name for row in incident.service_rows.select_related("service"))
    if services:
        lines.append(_("Affected services: %(services)s.") % {"services": services})
    if incident.mitigated_at:
        length = _length(incident.mitigated_at - incident.started_at)
        lines.append(_("From start to mitigation: %(length)s.") % {"length": length})
    rows = ImpactRow.objects.filter(incident=incident).select_related("service").order_by("started_at", "pk")
    numbers = [_impact_row(row) for row in rows]
    if numbers:
        lines.append("\n".join(numbers))
    return "\n\n".join(lines)


def _length(length: dt.timedelta) -> str:
    """Minutes up to two hours, then hours and minutes."""
    minutes = round(length.total_seconds() / 60)
    return f"{minutes} min" if minutes <= 120 else words_of(length)


def _impact_row(row: ImpactRow) -> str:
    who = row.service.name if row.service else _("All services")
    parts = [f"**{who}**: {row.get_condition_display().lower()}"]
    parts += [row.get_reach_display().lower()] if row.reach else []
    parts += [", ".join([*row.regions, *row.segments])] if row.regions or row.segments else []
    counted = (
        (_("%(n)s customers"), row.customers),
        (_("%(n)s failed requests"), row.requests_failed),
        (_("%(n)s tickets"), row.tickets),
    )
    parts += [text % {"n": f"{number:,}"} for text, number in counted if number is not None]
    parts += [_("data lost: %(what)s") % {"what": row.data_lost}] if row.data_lost else []
    if row.ended_at:
        parts.append(words_of(row.ended_at - row.started_at))
    return "- " + ", ".join(parts)


def _response(incident: Incident) -> str:
    began = incident.detected_at or incident.created_at
    lines = [_("Detected %(time)s UTC.") % {"time": f"{began.astimezone(dt.UTC):%Y-%m-%d %H:%M}"}]
    for name, field, base in _PAIRS:
        at = getattr(incident, field)
        start = getattr(incident, base) or began
        after = _("after detection") if base == "detected_at" else _("after the impact began")
        if at and not (field == "detected_at" and start == at):
            lines.append(f"- {_(name)}: {_length(at - start)} {after}")
    if incident.ack_window_met is not None:
        met = (
            _("The acknowledge window was met.")
            if incident.ack_window_met
            else _("The acknowledge window was missed.")
        )
        lines += ["", met]
    paged = TimelineEntry.objects.filter(incident=incident, kind=EntryKind.PAGE_SENT).count()
    if paged:
        lines += ["", _("Pages sent: %(count)s.") % {"count": paged}]
    roles = RoleAssignment.objects.filter(incident=incident).order_by("started_at", "pk")
    if roles:
        lines += ["", _("Roles:")]
        lines += [
            f"- {row.label}, {_('from')} {row.started_at.astimezone(dt.UTC):%H:%M} UTC"
            + (f" {_('to')} {row.ended_at.astimezone(dt.UTC):%H:%M} UTC" if row.ended_at else "")
            for row in roles
        ]
    return "\n".join(lines)


def _causes(incident: Incident) -> str:
    parts = []
    causes = SuspectedCause.objects.filter(incident=incident).order_by("position", "pk")
    if causes:
        order = (CauseState.CONFIRMED, CauseState.TESTING, CauseState.SUSPECTED, CauseState.RULED_OUT)
        lines = [
            f"- {row.get_state_display()}: {row.text}"
            + (f" — {' '.join(row.evidence.split())}" if row.evidence else "")
            for row in sorted(causes, key=lambda row: order.index(CauseState(row.state)))
        ]
        parts.append(_("What was suspected:") + "\n\n" + "\n".join(lines))
    changes = ChangeEvent.objects.filter(
        service__in=incident.services.all(),
        happened_at__gte=incident.started_at - _CHANGES_BEFORE,
        happened_at__lte=incident.resolved_at or incident.started_at,
    ).select_related("service")
    found = [
        f"- {row.happened_at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC, {row.service.name}: {row.summary}"
        for row in changes.order_by("happened_at", "pk")[:_CHANGES]
    ]
    if found:
        parts.append(
            _("What changed on the affected services, from six hours before:") + "\n\n" + "\n".join(found)
        )
    return "\n\n".join(parts)


def _recovery(incident: Incident) -> str:
    parts = []
    if incident.workaround:
        parts.append(_("Workaround: %(text)s") % {"text": incident.workaround})
    rows = TimelineEntry.objects.filter(incident=incident, kind=EntryKind.DECISION, redacted_at__isnull=True)
    decisions = [
        f"- {row.happened_at.astimezone(dt.UTC):%H:%M} UTC: {row.data.get('question', '')} "
        f"**{row.text or row.data.get('choice', '')}** {row.data.get('why', '')}".rstrip()
        for row in rows.order_by("happened_at", "seq")
    ]
    if decisions:
        parts.append(_("Decisions:") + "\n\n" + "\n".join(decisions))
    criteria = [
        f"- {row.text or row.get_kind_display()}: "
        + (_("held") if row.met_at or row.holds_since else _("was not met"))
        for row in ExitCriterion.objects.filter(incident=incident).order_by("position", "pk")
    ]
    if criteria:
        head = _("How it was verified:")
        if incident.exit_overridden:
            head = _("How it was verified (the commander resolved it before all of these held):")
        parts.append(head + "\n\n" + "\n".join(criteria))
    return "\n\n".join(parts)


def _links(incident: Incident) -> str:
    lines = [f"- [#{incident.number}]({incident.get_absolute_url()})"]
    if incident.source_link:
        lines.append(f"- [{incident.source or _('Source')}]({incident.source_link})")
    if incident.ticket:
        lines.append(f"- {_('Ticket')} {incident.ticket}")
    return "\n".join(lines)


def _messages(incident: Incident) -> str:
    rows = IncidentUpdate.objects.filter(incident=incident, state=UpdateState.SENT).order_by("sent_at", "pk")
    return "\n\n".join(
        f"**{row.get_audience_display()}, {row.sent_at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC**\n\n"
        + "\n".join(f"> {line}" for line in row.text.splitlines())
        for row in rows
        if row.sent_at
    )


def _process(incident: Incident) -> str:
    runs = PlaybookRun.objects.filter(incident=incident).select_related("version", "playbook").order_by("pk")
    lines = [
        (f"- [{run.name}]({run.playbook.get_absolute_url()})" if run.playbook else f"- {run.name}")
        + (f", {_('version')} {run.version.number}" if run.version else "")
        for run in runs
    ]
    return _("Playbooks that ran:") + "\n\n" + "\n".join(lines) if lines else ""
