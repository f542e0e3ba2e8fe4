"""Planned work: moved, extended, called off; and what time does to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import structlog
from django.db import transaction
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core import clock
from core.containment import contained
from core.errors import Conflict, field_error
from statuspage.actions.common import audit, only_approved, show
from statuspage.actions.locking import locked_notice
from statuspage.actions.notices import update_notice
from statuspage.actions.words import Window, Words, check_window, publish_words
from statuspage.announcing import announce_reminder
from statuspage.building.html import shell
from statuspage.choices import OVER, ComponentStatus, NoticeKind, NoticeState, Repeats
from statuspage.models import Notice, NoticeUpdate, StatusPage
from statuspage.planning import following_window, next_thing_at, reminders
from teams.actor import Actor, system_actor

log = structlog.get_logger("watchbill.status")

_DUE_AT_ONCE = 50
# After a standstill a reminder that is late by more than this is left out: the start is nearer.
_TOO_LATE = dt.timedelta(minutes=30)
_AGAIN = dt.timedelta(minutes=5)


def move_work(
    *,
    actor: Actor,
    notice_id: int,
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    body: str = "",
    now: dt.datetime | None = None,
) -> Notice:
    """Move planned work, or extend what is under way; subscribers are told. The start of work under way stays."""
    now = now or clock.now()
    with transaction.atomic():
        notice, page = _work(actor, notice_id)
        if starts_at is not None and notice.status != "scheduled":
            raise field_error("scheduled_for", "It has begun already.")
        begins = starts_at or notice.scheduled_for
        ends = ends_at or notice.scheduled_until
        assert begins is not None
        assert ends is not None
        check_window(Window(starts_at=begins, ends_at=ends))
        if ends <= now:
            raise field_error("scheduled_until", "In the future.")
        notice.scheduled_for, notice.scheduled_until, notice.started_at = begins, ends, begins
        notice.save()
        text, in_other = (body, {}) if body else _in_each(page, lambda code: _moved(page, code, begins, ends))
        words = Words(body=text, body_in=in_other)
        update_notice(actor=actor, notice_id=notice.pk, words=words, now=now)
        notice.refresh_from_db()
    return notice


def cancel_work(*, actor: Actor, notice_id: int, body: str = "", now: dt.datetime | None = None) -> Notice:
    """Call planned work off and tell everybody; a series ends with it."""
    now = now or clock.now()
    with transaction.atomic():
        notice, page = _work(actor, notice_id)
        text, in_other = (
            (body, {}) if body else _in_each(page, lambda _code: _("This planned work will not take place."))
        )
        notice.cancelled_at, notice.repeats = now, Repeats.NEVER
        notice.save()
        words = Words(body=text, body_in=in_other, status="completed")
        update_notice(actor=actor, notice_id=notice.pk, words=words, now=now)
        notice.refresh_from_db()
    return notice


def work_due(now: dt.datetime | None = None) -> int:
    """Remind of, begin and end what is due; how many did something. Any number of workers may run it at once."""
    now = now or clock.database_now()
    due = Notice.objects.filter(next_at__lte=now, state=NoticeState.PUBLISHED)
    count = 0
    for notice_id, page_id in list(due.order_by("next_at", "pk").values_list("pk", "page_id")[:_DUE_AT_ONCE]):
        with transaction.atomic():
            locked = StatusPage.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
            page = locked.filter(pk=page_id).first()
            notice = due.filter(pk=notice_id).first() if page else None
            if page is not None and notice is not None:
                notice.page = page
                count += _done(notice, page, now)
    return count


def _done(notice: Notice, page: StatusPage, now: dt.datetime) -> bool:
    """Work that cannot be begun or ended is said and tried again later; what is due after it is done."""
    faults: list[int] = []

    def failed() -> None:
        log.exception("planned work cannot go on", notice=notice.public_id)
        Notice.objects.filter(pk=notice.pk).update(next_at=now + _AGAIN)
        faults.append(notice.pk)

    contained(lambda: _do(notice, page, now), failed)
    return not faults


def _do(notice: Notice, page: StatusPage, now: dt.datetime) -> None:
    assert notice.scheduled_for is not None
    assert notice.scheduled_until is not None
    if notice.status == "scheduled" and (not notice.auto_start or now < notice.scheduled_for):
        if any(now - _TOO_LATE < at <= now for at in reminders(notice)):
            announce_reminder(notice, now)
        notice.next_at = next_thing_at(notice, now)
        notice.save(update_fields=["next_at"])
        return
    begins = notice.status == "scheduled"
    text, in_other = _in_each(
        page, lambda _code: _("The planned work has begun.") if begins else _("The planned work is done.")
    )
    update = NoticeUpdate(
        notice=notice,
        status="in_progress" if begins else "completed",
        body=text,
        body_in=in_other,
        affected=[
            {
                "code": row.public_id,
                "name": row.name,
                "old_status": row.status,
                "new_status": ComponentStatus.MAINTENANCE,
            }
            for row in notice.components.all()
            if begins
        ],
        created_at=now,
        written_at=now,
    )
    publish_words(system_actor(), update, now)
    if begins:
        _plan_next(notice, page, now)
    show(page, now, system_actor(), f"{notice.title}: {notice.get_status_display()}")


def _plan_next(notice: Notice, page: StatusPage, now: dt.datetime) -> None:
    """The next one of a series is announced when this one begins."""
    assert notice.scheduled_for is not None
    assert notice.scheduled_until is not None
    zone = page.zone
    window = following_window(notice.scheduled_for, notice.scheduled_until, notice.repeats, zone)
    while window is not None and window[0] <= now:
        window = following_window(*window, notice.repeats, zone)
    if window is None:
        return
    if notice.repeats_until and window[0].astimezone(zone).date() > notice.repeats_until:
        return
    first = (
        notice.updates.filter(status="scheduled", state=NoticeState.PUBLISHED).order_by("created_at").first()
    )
    again = Notice(
        page=page,
        kind=NoticeKind.MAINTENANCE,
        title=notice.title,
        title_in=notice.title_in,
        status="scheduled",
        impact=notice.impact,
        author_id=notice.author_id,
        scheduled_for=window[0],
        scheduled_until=window[1],
        auto_start=notice.auto_start,
        auto_end=notice.auto_end,
        remind_minutes=notice.remind_minutes,
        repeats=notice.repeats,
        repeats_until=notice.repeats_until,
        series=notice.series or notice,
        started_at=window[0],
        created_at=now,
        updated_at=now,
    )
    again.next_at = next_thing_at(again, now)
    again.save()
    again.components.set(notice.components.all())
    # The reminder tells of it in time; saying it now would be a second mail in one minute.
    NoticeUpdate.objects.create(
        notice=again,
        status="scheduled",
        body=first.body if first else notice.title,
        body_in=first.body_in if first else {},
        deliver=False,
        created_at=now,
        written_at=now,
    )
    audit(system_actor(), "work planned again", page, again.title)


def _work(actor: Actor, notice_id: int) -> tuple[Notice, StatusPage]:
    notice, page = locked_notice(actor, notice_id)
    if notice.kind != NoticeKind.MAINTENANCE:
        raise Conflict("This is no planned work.", code="not_planned")
    if notice.status in OVER:
        raise Conflict("It is over.", code="notice_over")
    if notice.state == NoticeState.PUBLISHED:
        only_approved(actor, page, "move or call off work that is public")
    return notice, page


def _in_each(page: StatusPage, say: Callable[[str], str]) -> tuple[str, dict[str, str]]:
    """A text in the page's first language, and by code in its others; `say` is asked with the language active."""
    found: dict[str, str] = {}
    for code in page.languages:
        with translation.override(code):
            found[code] = say(code)
    return found.pop(page.languages[0]), found


def _moved(page: StatusPage, language: str, begins: dt.datetime, ends: dt.datetime) -> str:
    zone, moment = page.zone, shell(page, language, "")["moment"]
    times = [date_format(at.astimezone(zone), moment) for at in (begins, ends)]
    words = {"from": times[0], "to": times[1], "zone": page.time_zone}
    return _("The time has changed: from %(from)s to %(to)s (%(zone)s).") % words
