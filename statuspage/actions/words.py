"""Words for the public and the window of planned work: checked, kept, and what happens when they are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import Conflict, field_error
from core.events import publish
from incidents.choices import UpdateState
from incidents.models import IncidentUpdate
from statuspage.actions.common import body_of, in_languages, in_our_time
from statuspage.actions.components import release, set_by_notice
from statuspage.announcing import announce_update
from statuspage.choices import (
    INCIDENT_STATUSES,
    MAINTENANCE_STATUSES,
    OVER,
    ComponentStatus,
    Impact,
    NoticeKind,
    NoticeState,
    Repeats,
)
from statuspage.events import NoticeSaid
from statuspage.models import Notice, NoticeUpdate
from statuspage.planning import next_thing_at
from statuspage.statuses import RANK, impact_of
from teams.actor import Actor

_IMPACTS = (Impact.NONE, Impact.MINOR, Impact.MAJOR, Impact.CRITICAL)
_FARTHEST = dt.timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Words:
    """One update. `statuses`: component pk → what it becomes; `component_ids`: those it concerns as well. Texts in
    other languages by their code."""

    body: str
    body_in: Mapping[str, str] = field(default_factory=dict)
    status: str = ""
    statuses: Mapping[int, str] = field(default_factory=dict)
    component_ids: Sequence[int] = ()
    next_update_at: dt.datetime | None = None
    eta_at: dt.datetime | None = None
    deliver: bool = True


@dataclass(frozen=True, kw_only=True)
class Window:
    """Planned work: when, what time does by itself, when subscribers are reminded, and whether it comes again."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    auto_start: bool = True
    auto_end: bool = True
    remind_minutes: Sequence[int] = (1440, 60)
    repeats: str = Repeats.NEVER
    repeats_until: dt.date | None = None


def say_words(
    actor: Actor,
    notice: Notice,
    words: Words,
    status: str,
    now: dt.datetime,
    source: IncidentUpdate | None,
) -> NoticeUpdate:
    page = notice.page
    waits = page.needs_approval and not actor.manages(page.team_id)
    if source is not None:
        # Its own approval counts; what needed none inside still waits for the page's manager.
        waits = source.sent_at is None or (waits and source.decided_by_id is None)
    known = {row.pk: row for row in page.components.all()}
    wanted = {known[pk].public_id: status_of(value) for pk, value in words.statuses.items() if pk in known}
    names = {row.public_id: row for row in known.values()}
    check_promise("next_update_at", words.next_update_at, now)
    check_promise("eta_at", words.eta_at, now)
    if words.eta_at is not None and not (waits and notice.state == NoticeState.PUBLISHED):
        notice.eta_at = words.eta_at
    update = NoticeUpdate(
        notice=notice,
        state=NoticeState.WAITING,
        status=status,
        body=body_of(words.body),
        body_in=in_languages(words.body_in, "body_in"),
        affected=[
            {"code": code, "name": names[code].name, "old_status": names[code].status, "new_status": value}
            for code, value in wanted.items()
        ],
        next_update_at=words.next_update_at,
        deliver=words.deliver,
        source=source,
        author_id=actor.user_id,
        created_at=now,
        written_at=now,
    )
    if waits:
        update.save()
        notice.save()
    else:
        publish_words(actor, update, now)
    return update


def publish_words(actor: Actor, update: NoticeUpdate, now: dt.datetime) -> None:
    """The words become what the public reads: status, components, promise, subscribers. The page is locked and
    shown by the caller."""
    notice = update.notice
    update.state, update.created_at = NoticeState.PUBLISHED, now
    notice.state = NoticeState.PUBLISHED
    notice.status, notice.updated_at = update.status, max(now, notice.updated_at)
    notice.next_update_at = None if update.status in OVER else update.next_update_at
    if update.status == "monitoring" and notice.monitoring_at is None:
        notice.monitoring_at = now
    if update.status in OVER and notice.resolved_at is None:
        notice.resolved_at = now
    notice.next_at = next_thing_at(notice, now)
    notice.save()
    known = {row.public_id: row for row in notice.page.components.all()}
    wanted = [(known[row["code"]], row["new_status"]) for row in update.affected if row["code"] in known]
    named = {component.pk for component, _status in wanted}
    notice.components.add(*named)
    update.affected = set_by_notice(notice, wanted, now)
    if update.status in OVER:
        update.affected += [row for row in release(notice, now) if known[row["code"]].pk not in named]
    set_impact(notice, [row["new_status"] for row in update.affected])
    update.save()
    announce_update(update, now)
    if notice.incident is not None:
        publish(
            NoticeSaid(
                number=notice.incident.number,
                page=notice.page.name,
                title=notice.title,
                status=str(notice.get_status_display()),
                path=f"{notice.page.get_absolute_url()}notices/{notice.public_id}/",
            )
        )


def refuse(update: NoticeUpdate, reason: str, by: int | None) -> None:
    """Mark words as sent back, and their notice with them if nothing else was said in it."""
    update.state, update.refusal, update.decided_by_id = NoticeState.REFUSED, reason, by
    update.save(update_fields=["state", "refusal", "decided_by"])
    if update.notice.state == NoticeState.WAITING:
        update.notice.state, update.notice.next_at = NoticeState.REFUSED, None
        update.notice.save(update_fields=["state", "next_at"])


def plan(notice: Notice, window: Window | None, now: dt.datetime) -> None:
    if notice.kind != NoticeKind.MAINTENANCE:
        if window is not None:
            raise field_error("scheduled_for", "Only planned work has a window.")
        return
    if window is None:
        raise field_error("scheduled_for", "Planned work needs a start and an end.")
    check_window(window)
    notice.scheduled_for, notice.scheduled_until = window.starts_at, window.ends_at
    notice.auto_start, notice.auto_end = window.auto_start, window.auto_end
    notice.remind_minutes = sorted(set(window.remind_minutes), reverse=True)
    notice.repeats, notice.repeats_until = window.repeats, window.repeats_until
    notice.started_at = window.starts_at
    notice.next_at = next_thing_at(notice, now)


def check_window(window: Window) -> None:
    """Faults of a window by field."""
    in_our_time("scheduled_for", window.starts_at)
    in_our_time("scheduled_until", window.ends_at)
    if window.ends_at <= window.starts_at:
        raise field_error("scheduled_until", "Must be after the start.")
    if window.ends_at - window.starts_at > dt.timedelta(days=31):
        raise field_error("scheduled_until", "At most 31 days.")
    if window.repeats not in Repeats.values:
        raise field_error("repeats", f"One of {', '.join(Repeats.values)}.")
    if len(window.remind_minutes) > 5 or any(not 5 <= m <= 20_160 for m in window.remind_minutes):
        raise field_error("remind_minutes", "At most five, each from 5 minutes to 14 days before.")


def first_impact(kind: str, statuses: Collection[str]) -> str:
    """What a notice begins with: what its components say; minor when they say nothing."""
    if kind == NoticeKind.MAINTENANCE:
        return Impact.MAINTENANCE
    return impact_of([status_of(value) for value in statuses]) if statuses else Impact.MINOR


def impact_given(kind: str, impact: str) -> str:
    if kind == NoticeKind.MAINTENANCE:
        return ""
    if impact and impact not in _IMPACTS:
        raise field_error("impact", f"One of {', '.join(_IMPACTS)}.")
    return impact


def status_of(value: str) -> str:
    if value not in RANK:
        raise field_error("component_status", f"One of {', '.join(ComponentStatus.values)}.")
    return value


def check_status(kind: str, status: str) -> None:
    if kind not in NoticeKind.values:
        raise field_error("kind", "incident or maintenance.")
    allowed = INCIDENT_STATUSES if kind == NoticeKind.INCIDENT else MAINTENANCE_STATUSES
    if status not in allowed:
        raise field_error("status", f"One of {', '.join(allowed)}.")


def set_impact(notice: Notice, statuses: Sequence[str]) -> None:
    """The gravest it has been, unless somebody says otherwise."""
    if notice.kind == NoticeKind.MAINTENANCE or notice.impact_override:
        return
    found = impact_of(statuses)
    if _IMPACTS.index(Impact(found)) > _IMPACTS.index(Impact(notice.impact)):
        notice.impact = found
        notice.save(update_fields=["impact"])


def decided_here(update: NoticeUpdate) -> None:
    if update.source is not None and update.source.state != UpdateState.SENT:
        raise Conflict("It waits for approval in its incident.", code="decided_in_incident")


def check_promise(name: str, instant: dt.datetime | None, now: dt.datetime) -> None:
    if instant is not None and not now < instant <= now + _FARTHEST:
        raise field_error(name, "In the future, and within a year.")


def may_follow(notice: Notice, status: str) -> None:
    """`Conflict` when the public has read that it is over; a resolved one takes its postmortem."""
    ended = notice.state == NoticeState.PUBLISHED and notice.status in OVER
    if ended and not (notice.status == "resolved" and status == "postmortem"):
        raise Conflict("This notice is over; open a new one.", code="notice_over")
