"""Correcting what counts for uptime; what was recorded stays."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import NotVisible, field_error
from core.text import one_line
from statuspage.actions.common import audit, in_our_time, locked_page, show
from statuspage.choices import ComponentStatus
from statuspage.models import Component, UptimeCorrection
from teams.actor import Actor


def correct_uptime(
    *,
    actor: Actor,
    component_id: int,
    since: dt.datetime,
    until: dt.datetime,
    status: str,
    reason: str,
    now: dt.datetime | None = None,
) -> UptimeCorrection:
    """Count a time as another status. Managers of the page's team, with a reason that stays."""
    now = now or clock.now()
    if status not in ComponentStatus.values:
        raise field_error("status", f"One of {', '.join(ComponentStatus.values)}.")
    in_our_time("since", since)
    if until <= since:
        raise field_error("until", "Must be after the start.")
    if until > now:
        raise field_error("until", "Only what has been can be corrected.")
    reason = one_line(reason, 300)
    if not reason:
        raise field_error("reason", "Say why; it stays with the correction.")
    with transaction.atomic():
        component = Component.objects.visible_to(actor).filter(pk=component_id).first()
        if component is None:
            raise NotVisible
        page = locked_page(actor, component.page_id, manage=True)
        row: UptimeCorrection = UptimeCorrection.objects.create(
            component=component,
            since=since,
            until=until,
            status=status,
            reason=reason,
            author_id=actor.user_id,
            created_at=now,
        )
        audit(
            actor,
            "uptime corrected",
            page,
            component.name,
            since=since.isoformat(),
            until=until.isoformat(),
            status=status,
            reason=reason,
        )
        show(page, now, actor, f"{component.name}: uptime corrected")
    return row


def withdraw_correction(*, actor: Actor, correction_id: int, now: dt.datetime | None = None) -> None:
    """What was recorded counts again."""
    now = now or clock.now()
    with transaction.atomic():
        row = UptimeCorrection.objects.visible_to(actor).filter(pk=correction_id).first()
        if row is None:
            raise NotVisible
        component = row.component
        page = locked_page(actor, component.page_id, manage=True)
        row.delete()
        audit(
            actor,
            "correction withdrawn",
            page,
            component.name,
            since=row.since.isoformat(),
            reason=row.reason,
        )
        show(page, now, actor, f"{component.name}: correction withdrawn")
