"""How a notice will look before anybody reads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.template.loader import render_to_string
from django.utils import timezone, translation

from core.text import clean, one_line
from statuspage.building.html import Said, Told, shell
from statuspage.choices import Impact, NoticeKind, NoticeStatus
from statuspage.models import Notice, NoticeUpdate, StatusPage
from statuspage.statuses import RANK, impact_of
from statuspage.variables import filled

_MAX = 20_000


def preview(page: StatusPage, given: Mapping[str, str], now: dt.datetime) -> str:
    """A whole page of HTML with the notice alone, in the page's first language. Faults are left out, not told."""
    kind = NoticeKind.MAINTENANCE if given.get("scheduled_for") else NoticeKind.INCIDENT
    status = given.get("status", "")
    if status not in NoticeStatus.values:
        status = "scheduled" if kind == NoticeKind.MAINTENANCE else "investigating"
    parts = [(row, given.get(f"part_{row.public_id}", "")) for row in page.components.all()]
    impact = given.get("impact", "")
    if impact not in Impact.values:
        said_of = [value for _row, value in parts if value in RANK]
        impact = impact_of(said_of) if said_of else Impact.MINOR
    names = ", ".join(row.name for row, value in parts if value)
    title, body = (
        filled(given.get(name, ""), components=names, page=page.name) for name in ("title", "body")
    )
    notice = Notice(
        page=page,
        kind=kind,
        title=one_line(title, 200) or "…",
        status=status,
        impact=Impact.MAINTENANCE if kind == NoticeKind.MAINTENANCE else impact,
        started_at=now,
        next_update_at=_moment(given.get("next_update_at", "")),
        eta_at=_moment(given.get("eta_at", "")),
        scheduled_for=_moment(given.get("scheduled_for", "")) or now,
        scheduled_until=_moment(given.get("scheduled_until", "")) or now,
    )
    body = clean(body)[:_MAX] or "…"
    said = Said(NoticeUpdate(notice=notice, status=status, body=body, created_at=now), body)
    language = page.languages[0]
    with translation.override(language), timezone.override(page.zone):
        context = {
            **shell(page, language, page.public_path),
            "told": Told(notice, notice.title, [said], names),
        }
        return render_to_string("statuspage/public/preview.html", context)


def _moment(text: str) -> dt.datetime | None:
    """What a field for date and time sends, in the viewer's zone."""
    try:
        found = timezone.make_aware(dt.datetime.fromisoformat(text[:25]))
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None
