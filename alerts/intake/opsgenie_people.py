"""What the Opsgenie alert API asks of people: assigning, adding responders, escalating, taking an acknowledge back.

An integration's key may page people and policies of its own team, and of teams the whole organisation sees; for a
restricted incident, of its own team alone. Whatever cannot be done is noted on the alert and fails with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q

from alerts.actions.notes import write_note
from alerts.choices import AlertStatus
from alerts.models import Alert
from alerts.sources.base import fail, loose
from core.errors import DomainError
from core.text import clean, one_line
from incidents.actions.notes import add_note
from incidents.actions.paging import page
from incidents.choices import Visibility
from incidents.models import Incident
from oncall.choices import RunStatus
from oncall.models import EscalationPolicy, EscalationRun
from oncall.selectors import default_policy_id
from teams.actor import Actor, system_actor
from teams.choices import TeamRole, TeamVisibility
from teams.models import Team, User

_ANSWERING = (TeamRole.MANAGER, TeamRole.RESPONDER)
Check = Callable[[dict[str, Any]], None]


def named(field: str, *names: str) -> Check:
    """A check that `field` is an object with one of `names` in it."""

    def check(body: dict[str, Any]) -> None:
        value = body.get(field)
        if not isinstance(value, dict) or not any(_word(value, name) for name in names):
            raise fail(field, f"{field.capitalize()} needs {' or '.join(names)}.")

    return check


def check_responder(body: dict[str, Any]) -> None:
    """A responder is a person or a team."""
    named("responder", "id", "username", "name")(body)
    if body["responder"].get("type") not in ("user", "team"):
        raise fail("responder.type", "Responder type should be one of [ user, team ].")


def assign(alert: Alert, body: dict[str, Any], label: str) -> None:
    """Page the owner, who may then respond. Acknowledging stays with them."""
    _page_person(alert, body, label, body["owner"], "Assigned to")


def add_responder(alert: Alert, body: dict[str, Any], label: str) -> None:
    """Page the person, or the team by its policy."""
    responder = body["responder"]
    if responder["type"] == "user":
        _page_person(alert, body, label, responder, "Responder:")
    else:
        _page_team(alert, body, label, responder)


def add_team(alert: Alert, body: dict[str, Any], label: str) -> None:
    """Page the team by its policy."""
    _page_team(alert, body, label, body["team"])


def escalate(alert: Alert, body: dict[str, Any], label: str) -> None:
    """Page by the policy of this name. One that pages already goes on at its own pace, and the request fails."""
    incident = _incident(alert)
    asked = body["escalation"]
    rows = EscalationPolicy.objects.filter(_reachable(alert, incident, "team"))
    policy: EscalationPolicy | None = _one(rows, asked, "name")
    if policy is None:
        raise DomainError(f"No escalation policy “{_shown(asked)}” can be paged from this integration")
    _page_policy(alert, incident, body, label, policy, f"Escalated to {policy.name}")


def unacknowledge(alert: Alert, body: dict[str, Any], label: str) -> None:
    """The alert fires again, and its incident pages again from the first step."""
    if alert.status != AlertStatus.ACKNOWLEDGED:
        raise DomainError("It is not acknowledged")
    incident = _incident(alert)
    alert.status, alert.acknowledged_at = AlertStatus.FIRING, None
    alert.save(update_fields=["status", "acknowledged_at"])
    said = _said(body, "Acknowledgement taken back")
    page(actor=_actor(body, label), number=incident.number, text=said)
    _note(alert, body, label, said)


def _page_person(alert: Alert, body: dict[str, Any], label: str, asked: dict[str, Any], what: str) -> None:
    incident = _incident(alert)
    teams = Team.objects.filter(_reachable(alert, incident))
    rows = User.objects.filter(
        is_active=True, memberships__team__in=teams, memberships__role__in=_ANSWERING
    ).distinct()
    person: User | None = _one(rows, asked, "username", "email__iexact")
    if person is None:
        raise DomainError(f"No responder “{_shown(asked)}” can be paged from this integration")
    said = _said(body, f"{what} {person.name}")
    page(actor=_actor(body, label), number=incident.number, user_ids=[person.pk], text=said)
    _note(alert, body, label, said)


def _page_team(alert: Alert, body: dict[str, Any], label: str, asked: dict[str, Any]) -> None:
    incident = _incident(alert)
    team: Team | None = _one(Team.objects.filter(_reachable(alert, incident)), asked, "name")
    if team is None:
        raise DomainError(f"No team “{_shown(asked)}” can be paged from this integration")
    policy = EscalationPolicy.objects.filter(pk=default_policy_id(team.pk) or 0).first()
    if policy is None:
        raise DomainError(f"The team {team.name} has no escalation policy")
    _page_policy(alert, incident, body, label, policy, f"Team {team.name}")


def _page_policy(
    alert: Alert, incident: Incident, body: dict[str, Any], label: str, policy: EscalationPolicy, what: str
) -> None:
    said = _said(body, what)
    runs = EscalationRun.objects.filter(subject_key=incident.subject_key, status=RunStatus.ACTIVE)
    if runs.filter(policy=policy).exists():
        raise DomainError(f"{policy.name} is paging for it already: its next step comes by itself")
    page(actor=_actor(body, label), number=incident.number, policy_id=policy.pk, text=said)
    _note(alert, body, label, said)


def note_refusal(alert: Alert, body: dict[str, Any], label: str, what: str, why: str) -> None:
    """What was asked for in vain is read on the alert and in its incident's timeline."""
    said = _said(body, f"{what} was asked for and not done: {why}")
    _note(alert, body, label, said)
    if alert.incident is not None and alert.incident.is_active:
        add_note(actor=_actor(body, label), number=alert.incident.number, text=said)


def _incident(alert: Alert) -> Incident:
    incident: Incident | None = alert.incident
    if incident is None:
        raise DomainError("It belongs to no incident, so nobody is paged for it")
    return incident


def _reachable(alert: Alert, incident: Incident, of: str = "") -> Q:
    """The teams that the alert's integration may page for this incident; `of` is the way to a team."""
    own = Q(**{f"{of}_id" if of else "pk": alert.integration.team_id or 0})
    if incident.visibility == Visibility.RESTRICTED:
        return own
    return own | Q(**{f"{of}__visibility" if of else "visibility": TeamVisibility.ORGANISATION})


def _one(rows: Any, asked: dict[str, Any], name: str, field: str = "") -> Any:
    """The row of this id, else the only one of this name; None when there is none or more than one."""
    number = _word(asked, "id")
    if number:
        plain = number.isascii() and number.isdigit() and len(number) < 19
        return rows.filter(pk=int(number)).first() if plain else None
    found = (
        list(rows.filter(**{field or f"{name}__iexact": _word(asked, name)})[:2])
        if _word(asked, name)
        else []
    )
    return found[0] if len(found) == 1 else None


def _word(asked: dict[str, Any], name: str) -> str:
    return one_line(loose(asked.get(name), 200), 200)


def _shown(asked: dict[str, Any]) -> str:
    return next((_word(asked, name) for name in ("username", "name", "id") if _word(asked, name)), "")


def _actor(body: dict[str, Any], label: str) -> Actor:
    return system_actor(label=author(body, label), via="rule")


def author(body: dict[str, Any], label: str) -> str:
    """Who asks, in the sender's words; else the integration."""
    return one_line(loose(body.get("user"), 100), 100) or label


def _said(body: dict[str, Any], what: str) -> str:
    """With the note that came along."""
    note = body.get("note")
    return f"{what}. {clean(note.strip(), 1500)}" if isinstance(note, str) and note.strip() else what


def _note(alert: Alert, body: dict[str, Any], label: str, said: str) -> None:
    write_note(alert=alert, text=said, author_id=None, label=author(body, label))
