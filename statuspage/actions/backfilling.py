"""What happened before anybody wrote it down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction

from core import clock
from core.errors import field_error
from statuspage.actions.common import (
    MAX_TITLE,
    audit,
    body_of,
    in_languages,
    in_our_time,
    locked_page,
    name_of,
    show,
)
from statuspage.actions.locking import components_of
from statuspage.actions.words import check_status, impact_given, status_of
from statuspage.choices import Impact, NoticeKind
from statuspage.models import Component, Notice, NoticeUpdate, UptimeCorrection
from teams.actor import Actor


def backfill(
    *,
    actor: Actor,
    page_id: int,
    title: str,
    updates: Sequence[tuple[dt.datetime, str, str]],
    impact: str = Impact.MINOR,
    statuses: Mapping[int, str] | None = None,
    title_in: Mapping[str, str] | None = None,
    now: dt.datetime | None = None,
) -> Notice:
    """Write down afterwards what happened: `(instant, status, text)` oldest first, the last one resolved.

    Nobody is told. `statuses`: what components were meanwhile, which counts for their uptime.
    """
    now = now or clock.now()
    title = name_of(title, "title", MAX_TITLE)
    times = [at for at, _status, _text in updates]
    for at in times:
        in_our_time("updates", at)
    if not updates or updates[-1][1] != "resolved" or times != sorted(times) or times[-1] > now:
        raise field_error("updates", "In order, none in the future, the last one resolved.")
    with transaction.atomic():
        page = locked_page(actor, page_id, manage=True)
        components = components_of(page, list(statuses or {}))
        notice: Notice = Notice.objects.create(
            page=page,
            title=title,
            title_in=in_languages(title_in, "title_in", title=True),
            status="resolved",
            impact=impact_given(NoticeKind.INCIDENT, impact) or Impact.MINOR,
            impact_override=impact,
            author_id=actor.user_id,
            backfilled=True,
            started_at=times[0],
            created_at=times[0],
            updated_at=now,
            resolved_at=times[-1],
        )
        notice.components.set(components)
        _write_words(notice, updates, now)
        for component in components:
            _count(component, status_of((statuses or {})[component.pk]), notice, now)
        audit(actor, "notice backfilled", page, title)
        show(page, now, actor, title)
    return notice


def _write_words(notice: Notice, updates: Sequence[tuple[dt.datetime, str, str]], now: dt.datetime) -> None:
    for at, status, text in updates:
        check_status(NoticeKind.INCIDENT, status)
        NoticeUpdate.objects.create(
            notice=notice,
            status=status,
            body=body_of(text),
            deliver=False,
            author_id=notice.author_id,
            created_at=at,
            written_at=now,
        )


def _count(component: Component, status: str, notice: Notice, now: dt.datetime) -> None:
    """The component was in this status meanwhile."""
    if notice.resolved_at is not None and notice.resolved_at > notice.started_at:
        UptimeCorrection.objects.create(
            component=component,
            since=notice.started_at,
            until=notice.resolved_at,
            status=status,
            reason=notice.title,
            author_id=notice.author_id,
            created_at=now,
        )
