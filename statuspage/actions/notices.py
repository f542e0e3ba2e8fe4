"""Telling the public: notices, what is said about them, and who has to look at it first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from core import clock
from core.errors import Conflict
from incidents.models import IncidentUpdate
from statuspage.actions.common import (
    MAX_TITLE,
    audit,
    in_languages,
    locked_page,
    name_of,
    only_approved,
    show,
)
from statuspage.actions.components import release
from statuspage.actions.locking import components_of, incident_given, locked_notice
from statuspage.actions.words import (
    Window,
    Words,
    check_promise,
    check_status,
    first_impact,
    impact_given,
    may_follow,
    plan,
    say_words,
)
from statuspage.choices import (
    Impact,
    NoticeKind,
    NoticeState,
)
from statuspage.models import Notice
from teams.actor import Actor

_IMPACTS = (Impact.NONE, Impact.MINOR, Impact.MAJOR, Impact.CRITICAL)
_FARTHEST = dt.timedelta(days=366)


def create_notice(
    *,
    actor: Actor,
    page_id: int,
    title: str,
    words: Words,
    kind: str = NoticeKind.INCIDENT,
    title_in: Mapping[str, str] | None = None,
    impact: str = "",
    component_ids: Sequence[int] = (),
    incident_number: int | None = None,
    window: Window | None = None,
    source: IncidentUpdate | None = None,
    now: dt.datetime | None = None,
) -> Notice:
    """Tell the public of a problem, or of planned work with its window. Responders of the page's team.

    On a page that asks for it the words of a responder wait for a manager. `incident_number` links an incident
    inside; nothing of it leaves, and a drill has no notice. `source`: the incident's public update these words
    are, whose own approval counts. `impact` "" follows from the components.
    """
    now = now or clock.now()
    title = name_of(title, "title", MAX_TITLE)
    status = words.status or ("scheduled" if kind == NoticeKind.MAINTENANCE else "investigating")
    check_status(kind, status)
    with transaction.atomic():
        page = locked_page(actor, page_id)
        components = components_of(page, [*component_ids, *words.component_ids, *words.statuses])
        notice = Notice(
            page=page,
            kind=kind,
            state=NoticeState.WAITING,
            title=title,
            title_in=in_languages(title_in, "title_in", title=True),
            status=status,
            impact_override=impact_given(kind, impact),
            incident=incident_given(actor, incident_number, kind),
            author_id=actor.user_id,
            **dict.fromkeys(("started_at", "created_at", "updated_at"), now),
        )
        plan(notice, window, now)
        notice.impact = notice.impact_override or first_impact(kind, words.statuses.values())
        notice.save()
        notice.components.set(components)
        say_words(actor, notice, words, status, now, source)
        audit(actor, _heard(notice, "notice published"), page, title)
        if notice.state == NoticeState.PUBLISHED:
            show(page, now, actor, title)
    return notice


def update_notice(
    *,
    actor: Actor,
    notice_id: int,
    words: Words,
    source: IncidentUpdate | None = None,
    now: dt.datetime | None = None,
) -> Notice:
    """Say more; the public sees it at once, or when a manager has looked at it.

    A notice that is over takes no more words, but for the postmortem of a resolved one.
    """
    now = now or clock.now()
    with transaction.atomic():
        notice, page = locked_notice(actor, notice_id)
        if notice.state == NoticeState.REFUSED:
            raise Conflict("This notice was sent back; write it anew.", code="notice_refused")
        status = words.status or notice.status
        check_status(notice.kind, status)
        may_follow(notice, status)
        if status == "postmortem" and notice.status != "resolved":
            raise Conflict("A postmortem comes after the end.", code="not_over")
        update = say_words(actor, notice, words, status, now, source)
        audit(
            actor,
            "update waits" if update.state == NoticeState.WAITING else "notice updated",
            page,
            notice.title,
        )
        if update.state == NoticeState.PUBLISHED:
            notice.components.add(*components_of(page, words.component_ids))
            show(page, now, actor, f"{notice.title}: {notice.get_status_display()}")
    return notice


def edit_notice(*, actor: Actor, notice_id: int, now: dt.datetime | None = None, **values: Any) -> Notice:
    """Change title, title_in, impact ("" follows the components), component_ids or eta_at of a notice."""
    now = now or clock.now()
    with transaction.atomic():
        notice, page = locked_notice(actor, notice_id)
        if notice.state == NoticeState.PUBLISHED:
            only_approved(actor, page, "change a notice that is public")
        if "title" in values:
            notice.title = name_of(values["title"], "title", MAX_TITLE)
        if "title_in" in values:
            notice.title_in = in_languages(values["title_in"], "title_in", title=True)
        if "impact" in values:
            notice.impact_override = impact_given(notice.kind, values["impact"])
            notice.impact = notice.impact_override or notice.impact
        if "eta_at" in values:
            check_promise("eta_at", values["eta_at"], now)
            notice.eta_at = values["eta_at"]
        if "component_ids" in values:
            notice.components.set(components_of(page, values["component_ids"]))
        notice.updated_at = now
        notice.save()
        audit(actor, "notice changed", page, notice.title)
        if notice.state == NoticeState.PUBLISHED:
            show(page, now, actor, f"{notice.title}: changed")
    return notice


def remove_notice(*, actor: Actor, notice_id: int, now: dt.datetime | None = None) -> None:
    """Take a notice away as if it had never been. Managers; what it had set goes back."""
    now = now or clock.now()
    with transaction.atomic():
        notice, page = locked_notice(actor, notice_id, manage=True)
        release(notice, now)
        audit(actor, "notice removed", page, notice.title)
        title = notice.title
        notice.delete()
        show(page, now, actor, f"{title}: removed")


def _heard(notice: Notice, verb: str) -> str:
    return verb if notice.state == NoticeState.PUBLISHED else "notice waits for approval"
