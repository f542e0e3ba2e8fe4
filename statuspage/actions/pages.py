"""Making, setting up and removing pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.text import slugify

from core import clock
from core.errors import NotAllowed, field_error
from core.text import one_line
from incidents.images import NotAPicture, read_picture
from statuspage.actions.common import audit, colour_of, host_of, locked_page, name_of, show, zone_of
from statuspage.choices import Language, PageAccess
from statuspage.models import PageLogo, StatusPage
from teams.actor import Actor
from teams.models import Team

MAX_LOGO_BYTES = 512 * 1024
_MAX_LOGO_SIDE = 2000
_SHORTEST_PASSWORD = 8
# What stands in the place of a page's address on the manage side.
_TAKEN = frozenset({"new", "panel", "from-incident"})


@dataclass(frozen=True, kw_only=True)
class PageSettings:
    """What a manager may set; None leaves a value as it is."""

    name: str | None = None
    description: str | None = None
    access: str | None = None
    password: str | None = None
    domain: str | None = None
    languages: Sequence[str] | None = None
    time_zone: str | None = None
    accent: str | None = None
    home_url: str | None = None
    support_url: str | None = None
    hidden_from_search: bool | None = None
    needs_approval: bool | None = None
    shows_uptime: bool | None = None
    takes_subscribers: bool | None = None


def create_page(
    *,
    actor: Actor,
    name: str,
    slug: str = "",
    description: str = "",
    team_id: int | None = None,
    time_zone: str = "UTC",
    languages: Sequence[str] = (Language.ENGLISH,),
    now: dt.datetime | None = None,
) -> StatusPage:
    """A new page for everybody, published at once. Managers of its team; admins alone for one without team."""
    now = now or clock.now()
    if team_id is not None and not Team.objects.visible_to(actor).filter(pk=team_id).exists():
        raise field_error("team", "There is no such team.")
    if not actor.manages(team_id):
        raise NotAllowed("Only a manager of the team can make a status page.")
    name = name_of(name)
    slug = slug or slugify(name)[:60]
    if not slug or slugify(slug) != slug:
        raise field_error("slug", "Lower-case letters, digits and hyphens only.")
    if slug in _TAKEN:
        raise field_error("slug", "This address is kept for Watchbill itself.")
    with transaction.atomic():
        if StatusPage.objects.filter(slug=slug).exists():
            raise field_error("slug", "Another page has this address.")
        page = StatusPage.objects.create(
            slug=slug,
            name=name,
            description=one_line(description, 300),
            team_id=team_id,
            time_zone=zone_of(time_zone),
            languages=_languages(languages),
            created_at=now,
            updated_at=now,
            settings_at=now,
        )
        audit(actor, "created", page)
        show(page, now, actor, "Page made")
    return page


def set_page(
    *, actor: Actor, page_id: int, settings: PageSettings, now: dt.datetime | None = None
) -> StatusPage:
    """Change what a page is and who may read it; every file is made anew."""
    now = now or clock.now()
    with transaction.atomic():
        page = locked_page(actor, page_id, manage=True)
        changed = _apply(page, settings)
        if not changed:
            return page
        page.save(update_fields=changed)
        audit(actor, "set up", page, fields=[name for name in changed if name != "password"])
        show(page, now, actor, "Settings", settings=True)
    return page


def set_logo(*, actor: Actor, page_id: int, content: bytes, now: dt.datetime | None = None) -> StatusPage:
    """The picture at the head of the page, PNG, JPEG or WebP; empty bytes take it away."""
    now = now or clock.now()
    with transaction.atomic():
        page = locked_page(actor, page_id, manage=True)
        if not content:
            PageLogo.objects.filter(page=page).delete()
        else:
            if len(content) > MAX_LOGO_BYTES:
                raise field_error("logo", f"At most {MAX_LOGO_BYTES // 1024} KB.")
            try:
                picture = read_picture(content)
            except NotAPicture:
                raise field_error("logo", "This picture is damaged.") from None
            if picture is None or picture.content_type not in ("image/png", "image/jpeg", "image/webp"):
                raise field_error("logo", "A PNG, JPEG or WebP picture.")
            if max(picture.width, picture.height) > _MAX_LOGO_SIDE:
                raise field_error("logo", f"At most {_MAX_LOGO_SIDE} pixels wide and high.")
            PageLogo.objects.update_or_create(
                page=page,
                defaults={
                    "content": picture.content,
                    "content_type": picture.content_type,
                    "width": picture.width,
                    "height": picture.height,
                },
            )
        audit(actor, "set up", page, "logo")
        show(page, now, actor, "Logo", settings=True)
    return page


def remove_page(*, actor: Actor, page_id: int, confirm: str) -> None:
    """Take the page away with all that was said on it. `confirm`: its address, typed."""
    with transaction.atomic():
        page = locked_page(actor, page_id, manage=True)
        if confirm.strip() != page.slug:
            raise field_error("confirm", f"Type {page.slug} to remove the page.")
        audit(actor, "removed", page)
        page.delete()


def _apply(page: StatusPage, wanted: PageSettings) -> list[str]:
    """Put the values on the page; names of the fields that changed."""
    changed: list[str] = []

    def put(name: str, value: object) -> None:
        if getattr(page, name) != value:
            setattr(page, name, value)
            changed.append(name)

    if wanted.name is not None:
        put("name", name_of(wanted.name))
    if wanted.description is not None:
        put("description", one_line(wanted.description, 300))
    if wanted.time_zone is not None:
        put("time_zone", zone_of(wanted.time_zone))
    if wanted.languages is not None:
        put("languages", _languages(wanted.languages))
    if wanted.accent is not None:
        put("accent", colour_of(wanted.accent))
    for name in ("home_url", "support_url"):
        value = getattr(wanted, name)
        if value is not None:
            put(name, _address(name, value))
    for name in ("hidden_from_search", "needs_approval", "shows_uptime", "takes_subscribers"):
        if getattr(wanted, name) is not None:
            put(name, getattr(wanted, name))
    if wanted.domain is not None:
        host = host_of(wanted.domain, urlsplit(settings.BASE_URL).hostname or "")
        if host and StatusPage.objects.filter(domain=host).exclude(pk=page.pk).exists():
            raise field_error("domain", "Another page has this domain.")
        put("domain", host)
    _apply_access(page, wanted, put)
    return changed


def _apply_access(page: StatusPage, wanted: PageSettings, put: object) -> None:
    assert callable(put)
    access = wanted.access if wanted.access is not None else page.access
    if access not in PageAccess.values:
        raise field_error("access", f"One of {', '.join(PageAccess.values)}.")
    if wanted.password:
        if len(wanted.password) < _SHORTEST_PASSWORD:
            raise field_error("password", f"At least {_SHORTEST_PASSWORD} characters.")
        put("password", make_password(wanted.password[:200]))
    if access == PageAccess.PASSWORD and not page.password:
        raise field_error("password", "A page with a password needs one.")
    put("access", access)


def _languages(codes: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(codes))
    if not found or any(code not in Language.values for code in found):
        raise field_error("languages", f"One or more of {', '.join(Language.values)}.")
    return [str(code) for code in found]


def _address(field: str, value: str) -> str:
    value = value.strip()
    if not value:
        return ""
    try:
        URLValidator(schemes=["https", "http", "mailto"])(value)
    except ValidationError:
        raise field_error(field, "A whole address, such as https://example.com/help.") from None
    return value[:500]
