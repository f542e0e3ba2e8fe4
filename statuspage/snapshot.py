"""Builds what the public is served: every file of a page, in one go, at publish."""

from __future__ import annotations

import datetime as dt
from xml.sax.saxutils import escape, quoteattr

import orjson
from django.conf import settings
from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.utils import timezone, translation

from statuspage.choices import OVER
from statuspage.models import Component, Notice, NoticeUpdate, StatusPage, StatusSnapshot
from statuspage.shapes import Loaded, documents, stamp, status_body

MAX_NOTICES = 200
_COLOURS = {
    "none": "#2f9e63",
    "maintenance": "#3b77c2",
    "minor": "#c98a1b",
    "major": "#d2612a",
    "critical": "#c4314b",
}


def load(page: StatusPage) -> Loaded:
    """The page with components and its newest notices: four statements."""
    updates = NoticeUpdate.objects.order_by("-created_at", "-pk")
    notices = Notice.objects.filter(page=page).prefetch_related(
        Prefetch("updates", queryset=updates), "components"
    )
    return Loaded(
        page=page,
        components=list(Component.objects.filter(page=page).order_by("position", "pk")),
        notices=list(notices.order_by("-started_at", "-pk")[:MAX_NOTICES]),
        base_url=settings.BASE_URL,
    )


def publish(page: StatusPage, now: dt.datetime) -> StatusSnapshot:
    """Write the next version of the snapshot, in the caller's transaction."""
    files = build(load(page))
    snapshot, created = StatusSnapshot.objects.select_for_update().get_or_create(
        page=page, defaults={"files": files, "built_at": now}
    )
    if not created:
        snapshot.files, snapshot.version, snapshot.built_at = files, snapshot.version + 1, now
        snapshot.save()
    return snapshot


def build(loaded: Loaded) -> dict[str, str]:
    """Path below `/status/<slug>/` → text of the file."""
    files = {f"api/v2/{name}": orjson.dumps(body).decode() for name, body in documents(loaded).items()}
    overall = status_body(loaded)
    open_notices = [row for row in loaded.notices if row.status not in OVER]
    context = {
        "page": loaded.page,
        "overall": overall,
        "components": loaded.components,
        "open": [row for row in open_notices if row.kind == "incident"],
        "works": [row for row in open_notices if row.kind == "maintenance"],
        "past": [row for row in loaded.notices if row.status in OVER][:30],
        "base": f"/status/{loaded.page.slug}/",
    }
    with translation.override("en"), timezone.override(loaded.page.time_zone):
        files["index.html"] = render_to_string("statuspage/public/index.html", context)
        for notice in loaded.notices:
            files[f"incidents/{notice.public_id}/index.html"] = render_to_string(
                "statuspage/public/notice.html", {**context, "notice": notice}
            )
    files["history.atom"] = _atom(loaded)
    files["history.rss"] = _rss(loaded)
    files["badge.svg"] = _badge(overall)
    return files


def _entry_html(notice: Notice) -> str:
    rows = [
        f"<p><strong>{escape(update.get_status_display())}</strong> {stamp(update.created_at)}"
        f"<br>{escape(update.body)}</p>"
        for update in notice.updates.all()
    ]
    return "".join(rows)


def _atom(loaded: Loaded) -> str:
    base = f"{loaded.base_url}/status/{loaded.page.slug}/"
    entries = "".join(
        f"<entry><id>{escape(base)}incidents/{notice.public_id}/</id><title>{escape(notice.title)}</title>"
        f"<link href={quoteattr(f'{base}incidents/{notice.public_id}/')}/>"
        f"<published>{stamp(notice.started_at)}</published><updated>{stamp(notice.updated_at)}</updated>"
        f'<content type="html">{escape(_entry_html(notice))}</content></entry>'
        for notice in loaded.notices[:50]
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<feed xmlns="http://www.w3.org/2005/Atom"><id>{escape(base)}</id>'
        f"<title>{escape(loaded.page.name)}</title><updated>{stamp(loaded.page.updated_at)}</updated>"
        f"<author><name>{escape(loaded.page.name)}</name></author>"
        f'<link rel="self" href={quoteattr(f"{base}history.atom")}/><link href={quoteattr(base)}/>'
        f"{entries}</feed>"
    )


def _rss(loaded: Loaded) -> str:
    base = f"{loaded.base_url}/status/{loaded.page.slug}/"
    items = "".join(
        f"<item><title>{escape(notice.title)}</title><link>{escape(base)}incidents/{notice.public_id}/</link>"
        f'<guid isPermaLink="false">{notice.public_id}</guid>'
        f"<pubDate>{notice.started_at.astimezone(dt.UTC):%a, %d %b %Y %H:%M:%S} +0000</pubDate>"
        f"<description>{escape(_entry_html(notice))}</description></item>"
        for notice in loaded.notices[:50]
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
        f"<title>{escape(loaded.page.name)}</title><link>{escape(base)}</link>"
        f"<description>{escape(loaded.page.description or loaded.page.name)}</description>{items}</channel></rss>"
    )


def _badge(overall: dict[str, str]) -> str:
    words = escape(overall["description"])
    width = 58 + 7 * len(overall["description"])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{words}">'
        f'<rect width="{width}" height="20" rx="4" fill="#31363f"/>'
        f'<rect x="48" width="{width - 48}" height="20" rx="4" fill="{_COLOURS[overall["indicator"]]}"/>'
        '<g fill="#fff" font-family="Verdana,sans-serif" font-size="11">'
        f'<text x="8" y="14">status</text><text x="55" y="14">{words}</text></g></svg>'
    )
