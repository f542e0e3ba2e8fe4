"""What facts from below and from here do to the timeline, the live pages and outgoing webhooks."""

from __future__ import annotations

from typing import Any

from core import clock
from core.events import subscribe
from incidents.actions.access import grant_respond
from incidents.actions.common import announce, lock_by_number, save_incident, write_entry
from incidents.choices import EntryKind, PageStatus
from incidents.events import IncidentChanged, TimelineWritten
from incidents.live import push_entry, push_feed
from incidents.models import Incident
from incidents.selectors import webhook_payload
from notifications.actions.webhooks import fan_out
from notifications.events import DeliveryFailed, DeliveryUnknown
from oncall.events import (
    AcknowledgeExpired,
    EscalationExhausted,
    PageDeclined,
    PagesHeld,
    PagesSent,
    StepSkipped,
)
from oncall.selectors import is_paging
from teams.actor import system_actor

_PREFIX = "incident:"
# What outgoing webhooks are told, as `incident.<word>`.
WEBHOOK_CHANGES = (
    "declared",
    "acknowledged",
    "status",
    "severity",
    "role",
    "update",
    "merged",
    "unmerged",
    "paged",
    "snoozed",
)


def _number(subject_key: str) -> int | None:
    """The incident behind a subject key, None when it is about something else or gone."""
    if not subject_key.startswith(_PREFIX):
        return None
    number = int(subject_key.removeprefix(_PREFIX))
    return number if Incident.objects.filter(number=number).exists() else None


@subscribe(PagesSent, name="incidents.timeline")
def pages_sent(event: PagesSent) -> None:
    """Write who was paged and who could not be; guests get access to this one incident."""
    number = _number(event.subject_key)
    if number is None:
        return
    now = clock.now()
    incident = lock_by_number(number)
    actor = system_actor("Escalation", via="rule")
    if event.users:
        grant_respond(incident, *[user_id for user_id, _label in event.users])
        data = {
            "people": [label for _id, label in event.users],
            "users": [user_id for user_id, _label in event.users],
            "step": event.step + 1 if event.step >= 0 else None,
            "round": event.round + 1,
            "last_resort": event.step < 0,
            "policy": event.policy_name,
            **({"backup": True} if event.backup else {}),
        }
        write_entry(incident, actor=actor, kind=EntryKind.PAGE_SENT, now=now, data=data)
    if event.webhooks:
        data = {"webhooks": event.webhooks}
        write_entry(incident, actor=actor, kind=EntryKind.ESCALATED, now=now, data=data)
    for user_id, label, reason in event.unreached:
        data = {"user": user_id, "sentence": f"{label}: {reason}" if label else reason}
        write_entry(incident, actor=actor, kind=EntryKind.PAGE_FAILED, now=now, data=data)
    save_incident(incident, now)


@subscribe(StepSkipped, name="incidents.timeline")
def step_skipped(event: StepSkipped) -> None:
    """Nobody could be paged in a step: say so, the next step has already been taken."""
    number = _number(event.subject_key)
    if number is None:
        return
    now = clock.now()
    incident = lock_by_number(number)
    data = {"sentence": f"Step {event.step + 1} skipped: {event.reason}", "step": event.step + 1}
    write_entry(
        incident,
        actor=system_actor("Escalation", via="rule"),
        kind=EntryKind.PAGE_FAILED,
        now=now,
        data=data,
    )
    save_incident(incident, now)


@subscribe(EscalationExhausted, name="incidents.timeline")
def exhausted(event: EscalationExhausted) -> None:
    """The policy ran out: loud on the page, and in the metrics."""
    number = _number(event.subject_key)
    if number is None:
        return
    now = clock.now()
    incident = lock_by_number(number)
    if incident.page_status == PageStatus.PAGING:
        incident.page_status = PageStatus.EXHAUSTED
    write_entry(
        incident,
        actor=system_actor("Escalation", via="rule"),
        kind=EntryKind.ESCALATED,
        now=now,
        data={"exhausted": True, "reached": event.reached},
    )
    save_incident(incident, now, "page_status")


@subscribe(PagesHeld, name="incidents.timeline")
def pages_held(event: PagesHeld) -> None:
    """Low urgency waits for the next shift: say until when."""
    _escalation_entry(event.subject_key, {"held_until": event.until})


@subscribe(PageDeclined, name="incidents.timeline")
def page_declined(event: PageDeclined) -> None:
    """Somebody said they cannot take it, or is no longer there."""
    data: dict[str, Any] = {"left": True} if event.left else {}
    data |= {"declined": event.user_label, "user": event.user_id, "moved_on": event.moved_on}
    _escalation_entry(event.subject_key, data)


@subscribe(AcknowledgeExpired, name="incidents.timeline")
def acknowledge_expired(event: AcknowledgeExpired) -> None:
    """Acknowledged long ago and still open: the policy is paging again."""
    _escalation_entry(event.subject_key, {"acknowledge_expired": event.minutes}, paging=True)


def _escalation_entry(subject_key: str, data: dict[str, Any], *, paging: bool = False) -> None:
    """`paging`: the incident counts as paging again, if an escalation is still running."""
    number = _number(subject_key)
    if number is None:
        return
    now = clock.now()
    incident = lock_by_number(number)
    actor = system_actor("Escalation", via="rule")
    write_entry(incident, actor=actor, kind=EntryKind.ESCALATED, now=now, data=data)
    if paging and is_paging(subject_key):
        incident.page_status = PageStatus.PAGING
        announce(incident, "paged", actor)
    save_incident(incident, now, "page_status")


@subscribe(DeliveryFailed, name="incidents.timeline")
def delivery_failed(event: DeliveryFailed) -> None:
    """A page did not get through by one channel."""
    _delivery_entry(
        event.subject_key, event.category, f"{event.user_label} by {event.channel}: {event.detail}"
    )


@subscribe(DeliveryUnknown, name="incidents.timeline")
def delivery_unknown(event: DeliveryUnknown) -> None:
    """The sender died between sending and recording; the same message is sent once more."""
    detail = f"{event.user_label} by {event.channel}: outcome unknown, sent again"
    _delivery_entry(event.subject_key, event.category, detail)


def _delivery_entry(subject_key: str, category: str, text: str) -> None:
    number = _number(subject_key)
    if number is None or category != "page":
        return
    now = clock.now()
    incident = lock_by_number(number)
    actor = system_actor("Delivery", via="rule")
    write_entry(incident, actor=actor, kind=EntryKind.PAGE_FAILED, now=now, data={"sentence": text})
    save_incident(incident, now)


@subscribe(TimelineWritten, name="incidents.live")
def timeline_written(event: TimelineWritten) -> None:
    """Render the entry once and push it to everybody who watches the incident."""
    push_entry(event.number, event.seq, edited=event.edited)


@subscribe(IncidentChanged, name="incidents.feed")
def changed_feed(event: IncidentChanged) -> None:
    """The feed and team topics hear of it."""
    push_feed(event)


@subscribe(IncidentChanged, name="incidents.webhooks")
def changed_webhooks(event: IncidentChanged) -> None:
    """One delivery for each outgoing webhook that wants to know; restricted incidents stay inside."""
    incident = Incident.objects.select_related("team", "commander", "severity").get(number=event.number)
    if incident.visibility != "open" or event.what not in WEBHOOK_CHANGES:
        return
    fan_out(
        event=f"incident.{event.what}",
        team_id=event.team_id,
        subject_key=incident.subject_key,
        data=webhook_payload(incident, event.data),
        now=clock.now(),
    )
