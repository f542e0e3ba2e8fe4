"""What views of the manage side share."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.errors import NotAllowed, NotVisible
from core.pages import actor_of
from statuspage.actions.common import publishes
from statuspage.building.load import public_base
from statuspage.models import StatusPage


def visible(request: HttpRequest, slug: str) -> StatusPage:
    """The page, or a 404."""
    rows = StatusPage.objects.visible_to(actor_of(request)).select_related("team")
    page: StatusPage | None = rows.filter(slug=slug).first()
    if page is None:
        raise NotVisible
    return page


def managed(request: HttpRequest, slug: str) -> StatusPage:
    """The page for its managers; a 404 or a refusal for others, before anything they sent is looked at."""
    page = visible(request, slug)
    if not actor_of(request).manages(page.team_id):
        raise NotAllowed("Only a manager of the page's team can change this.")
    return page


def publishing(request: HttpRequest, slug: str) -> StatusPage:
    """The page for those who may say something on it."""
    page = visible(request, slug)
    if not publishes(actor_of(request), page):
        raise NotAllowed("Only members of the page's team can publish on it.")
    return page


def frame(request: HttpRequest, page: StatusPage, active: str) -> dict[str, Any]:
    """What every page of the manage side shows: its tabs, and what the viewer may do."""
    actor = actor_of(request)
    manages = actor.manages(page.team_id)
    base = page.get_absolute_url()
    tabs = [
        (_("Notices"), "", True),
        (_("Components"), "components/", True),
        (_("Subscribers"), "subscribers/", True),
        (_("Templates"), "templates/", True),
        (_("Uptime and numbers"), "figures/", True),
        (_("Log"), "log/", True),
        (_("Settings"), "settings/", manages),
    ]
    return {
        "page_": page,
        "base": public_base(page),
        "manages": manages,
        "publishes": publishes(actor, page),
        "tabs": [
            {"label": label, "url": f"{base}{path}", "active": path == active}
            for label, path, shown in tabs
            if shown
        ],
    }
