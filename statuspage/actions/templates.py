"""Notices that are ready before they are needed."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from core.errors import NotVisible, field_error
from statuspage.actions.common import MAX_TITLE, audit, body_of, in_languages, locked_page, name_of
from statuspage.choices import INCIDENT_STATUSES, MAINTENANCE_STATUSES, NoticeKind
from statuspage.models import NoticeTemplate
from statuspage.variables import filled
from teams.actor import Actor

MAX_TEMPLATES = 100
__all__ = ["filled", "remove_template", "save_template"]


def save_template(
    *,
    actor: Actor,
    page_id: int,
    name: str,
    title: str,
    body: str,
    kind: str = NoticeKind.INCIDENT,
    status: str = "",
    title_in: Mapping[str, str] | None = None,
    body_in: Mapping[str, str] | None = None,
    template_id: int | None = None,
) -> NoticeTemplate:
    """Make a template, or with `template_id` change one. Managers of the page's team."""
    name = name_of(name, limit=100)
    if kind not in NoticeKind.values:
        raise field_error("kind", "incident or maintenance.")
    allowed = INCIDENT_STATUSES if kind == NoticeKind.INCIDENT else MAINTENANCE_STATUSES
    status = status or allowed[0]
    if status not in allowed:
        raise field_error("status", f"One of {', '.join(allowed)}.")
    with transaction.atomic():
        page = locked_page(actor, page_id, manage=True)
        others = page.templates.exclude(pk=template_id or 0)
        if others.count() >= MAX_TEMPLATES:
            raise field_error("name", f"At most {MAX_TEMPLATES} templates.")
        if others.filter(name=name).exists():
            raise field_error("name", "The page has a template of this name.")
        row = page.templates.filter(pk=template_id).first() if template_id else NoticeTemplate(page=page)
        if row is None:
            raise NotVisible
        row.name, row.kind, row.status = name, kind, status
        row.title = name_of(title, "title", MAX_TITLE)
        row.body = body_of(body)
        row.title_in = in_languages(title_in, "title_in", title=True)
        row.body_in = in_languages(body_in, "body_in")
        row.save()
        audit(actor, "template saved", page, name)
    return row  # type: ignore[no-any-return]


def remove_template(*, actor: Actor, template_id: int) -> None:
    """Take a template away."""
    with transaction.atomic():
        row = NoticeTemplate.objects.visible_to(actor).filter(pk=template_id).first()
        if row is None:
            raise NotVisible
        page = locked_page(actor, row.page_id, manage=True)
        row.delete()
        audit(actor, "template removed", page, row.name)
