"""Texts that are ready before they are needed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from core import clock
from core.errors import InvalidInput, NotAllowed, NotVisible, field_error
from core.text import clean, one_line
from incidents import wording
from incidents.actions.sending import next_due
from incidents.choices import IncidentStatus, UpdateAudience
from incidents.models import Incident, IncidentType, UpdateTemplate
from teams.actions.audit import record
from teams.actor import Actor

MAX_BODY = 20_000
_FIELDS = (
    "name",
    "audience",
    "team_id",
    "type_id",
    "status",
    "customers",
    "subject",
    "body",
    "approved",
    "position",
)


def save_template(*, actor: Actor, template_id: int | None = None, **values: Any) -> UpdateTemplate:
    """Make a template, or change the named fields of one. Managers for their team, admins for all.

    `InvalidInput` names the field: an unknown variable in `subject` or `body` is refused. `approved` says that
    customers may be written to with it.
    """
    unknown = set(values) - set(_FIELDS)
    if unknown:
        raise TypeError(f"no such fields: {sorted(unknown)}")
    with transaction.atomic():
        row = _load(actor, template_id) if template_id is not None else UpdateTemplate()
        team_before = row.team_id
        for name, value in values.items():
            setattr(row, name, value)
        if template_id is None or row.team_id != team_before:
            require_set_up(actor, row.team_id)
        _check(row)
        row.save()
        record(
            actor=actor,
            verb="changed" if template_id else "created",
            obj_type="update template",
            obj_id=row.pk,
            label=row.name,
            team_id=row.team_id,
        )
    return row


def delete_template(*, actor: Actor, template_id: int) -> None:
    with transaction.atomic():
        row = _load(actor, template_id)
        record(
            actor=actor,
            verb="deleted",
            obj_type="update template",
            obj_id=row.pk,
            label=row.name,
            team_id=row.team_id,
        )
        row.delete()


def require_set_up(actor: Actor, team_id: int | None) -> None:
    """Managers change what belongs to their team, admins everything."""
    if not actor.manages(team_id):
        whose = "a manager of the team or an admin" if team_id else "an admin"
        raise NotAllowed(f"Only {whose} can change that.")


def choices_for(incident: Incident, audience: str, *, customers: bool = False) -> list[UpdateTemplate]:
    """The templates that fit the incident's team, type and state, the most fitting first. One statement."""
    rows = UpdateTemplate.objects.filter(
        Q(team__isnull=True) | Q(team_id=incident.team_id),
        Q(type__isnull=True) | Q(type_id=incident.type_id),
        audience=audience,
        customers=customers,
    )
    if customers:
        rows = rows.filter(approved=True)
    state = incident.status if incident.status != IncidentStatus.TRIAGE else IncidentStatus.INVESTIGATING
    return sorted(
        rows,
        key=lambda row: (
            row.team_id is None,
            row.type_id is None,
            row.status not in ("", state),
            row.status != state,
            row.position,
            row.pk,
        ),
    )


def values_for(
    incident: Incident,
    *,
    facts: dict[str, str],
    due: dt.datetime | None,
    now: dt.datetime,
    outside: bool = False,
) -> dict[str, str]:
    """What the variables stand for. `outside`: by the code name, where there is one. Times in UTC."""
    services: Sequence[Any] = [row.service.name for row in incident.service_rows.all()]
    started = incident.started_at
    return {
        "title": incident.name_outside if outside else incident.title,
        "number": f"#{incident.number}",
        "severity": str(incident.severity) if incident.severity else "",
        "impact": facts.get("impact") or incident.impact,
        "services": ", ".join(services),
        "doing": facts.get("doing", ""),
        "needs": facts.get("needs", ""),
        "workaround": facts.get("workaround") or incident.workaround,
        "next_update": f"{due.astimezone(dt.UTC):%H:%M} UTC" if due else "",
        "status": str(incident.get_status_display()),
        "started": f"{started.astimezone(dt.UTC):%H:%M} UTC",
        "duration": words_of(max(now - started, dt.timedelta())),
        "commander": incident.commander.name if incident.commander else "",
    }


def compose(
    incident: Incident,
    audience: str,
    *,
    facts: dict[str, str],
    minutes: int | None = None,
    template: UpdateTemplate | None = None,
    now: dt.datetime | None = None,
) -> str:
    """The text for an audience from the facts: by `template`, else by the most fitting one, else the facts."""
    now = now or clock.now()
    chosen = template or next(iter(choices_for(incident, audience)), None)
    due = next_due(incident, audience, minutes, now)
    values = values_for(incident, facts=facts, due=due, now=now)
    if chosen is None:
        return "\n\n".join(filter(None, (values["impact"], values["doing"])))
    return wording.fill(chosen.body, values)


def words_of(length: dt.timedelta) -> str:
    """ "47 min", "3 h 05 min"."""
    minutes = int(length.total_seconds() // 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _load(actor: Actor, template_id: int) -> UpdateTemplate:
    row: UpdateTemplate | None = (
        UpdateTemplate.objects.visible_to(actor)
        .select_for_update(of=("self",), no_key=True)
        .filter(pk=template_id)
        .first()
    )
    if row is None:
        raise NotVisible
    require_set_up(actor, row.team_id)
    return row


def _check(row: UpdateTemplate) -> None:
    row.name, row.subject = one_line(row.name, 100), one_line(row.subject, 200)
    row.body = clean(row.body).strip()
    found: dict[str, list[str]] = {}
    if not row.name:
        found["name"] = ["Write something."]
    if not row.body:
        found["body"] = ["Write something."]
    if len(row.body) > MAX_BODY:
        found["body"] = [f"At most {MAX_BODY:,} characters."]
    if row.audience not in UpdateAudience.values:
        found["audience"] = [f"One of {', '.join(UpdateAudience.values)}."]
    if row.status and row.status not in IncidentStatus.values:
        found["status"] = [f"One of {', '.join(IncidentStatus.values)}."]
    if row.customers and not row.subject:
        found["subject"] = ["A message to customers needs a subject."]
    for name in ("subject", "body"):
        faults = wording.faults(getattr(row, name), customers=row.customers)
        if faults:
            found[name] = faults
    if found:
        raise InvalidInput(fields=found)
    if row.type_id is not None and not IncidentType.objects.filter(pk=row.type_id).exists():
        raise field_error("type", "There is no such type.")
