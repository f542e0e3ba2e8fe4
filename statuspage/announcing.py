"""What subscribers are to be told. Called inside the transaction that changes the page; queueing comes later, by
workers of their own, so that publishing does not wait for it."""

from __future__ import annotations

import datetime as dt

from core.wakeup import wake
from statuspage.choices import AnnouncementKind, NoticeState, SubscriberState
from statuspage.ids import new_id
from statuspage.models import Announcement, Component, Notice, NoticeUpdate, StatusPage, Subscriber


def announce_update(update: NoticeUpdate, now: dt.datetime) -> Announcement | None:
    """Tell of an update. None when it is not to be delivered, when it or its notice is not published, when the
    notice is backfilled, and when there is nobody to tell."""
    notice = update.notice
    published = {notice.state, update.state} == {NoticeState.PUBLISHED}
    if not update.deliver or notice.backfilled or not published:
        return None
    if not _anybody(notice.page):
        return None
    return _announce(
        Announcement(
            page_id=notice.page_id,
            kind=AnnouncementKind.UPDATE,
            notice=notice,
            update=update,
            created_at=now,
        )
    )


def announce_reminder(notice: Notice, now: dt.datetime) -> Announcement | None:
    """Remind of planned work that begins soon."""
    if notice.state != NoticeState.PUBLISHED or notice.cancelled_at is not None or not _anybody(notice.page):
        return None
    return _announce(
        Announcement(page_id=notice.page_id, kind=AnnouncementKind.REMINDER, notice=notice, created_at=now)
    )


def announce_component(
    component: Component, old_status: str, new_status: str, now: dt.datetime
) -> Announcement | None:
    """Tell webhooks that a component's status has changed; nobody else hears of it."""
    if old_status == new_status or not _anybody(component.page):
        return None
    stamp = now.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return _announce(
        Announcement(
            page_id=component.page_id,
            kind=AnnouncementKind.COMPONENT,
            component=component,
            data={
                "id": new_id(),
                "created_at": stamp,
                "old_status": old_status,
                "new_status": new_status,
            },
            created_at=now,
        )
    )


def _anybody(page: StatusPage) -> bool:
    """Whether there may be somebody to tell by the time it is queued."""
    if page.takes_subscribers:
        return True
    return Subscriber.objects.filter(page=page, state=SubscriberState.ACTIVE).exists()


def _announce(row: Announcement) -> Announcement:
    row.save(force_insert=True)
    wake("statuspage.fan_out")
    return row
