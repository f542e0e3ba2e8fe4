"""What every change of a status page does: access and lock, the next version, the audit line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, TypeVar
from zoneinfo import available_timezones

from django.conf import settings

from core.errors import NotAllowed, NotVisible, field_error
from core.text import clean, one_line
from statuspage.building import publish
from statuspage.choices import Language
from statuspage.live import push_version
from statuspage.models import StatusPage
from teams.actions.audit import record
from teams.actor import Actor

MAX_BODY = 20_000
MAX_TITLE = 200
_YEARS = range(2000, 2100)
D = TypeVar("D", dt.date, dt.datetime)
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")


def publishes(actor: Actor, page: StatusPage) -> bool:
    """Whether the actor may say something on the page: managers and responders of its team, and admins."""
    return actor.responds(page.team_id)


def locked_page(actor: Actor, page_id: int, *, manage: bool = False) -> StatusPage:
    """The page, locked, if the actor may publish on it; with `manage` only for managers of its team."""
    rows = StatusPage.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    page: StatusPage | None = rows.filter(pk=page_id).first()
    if page is None:
        raise NotVisible
    if manage and not actor.manages(page.team_id):
        raise NotAllowed("Only a manager of the page's team can change this.")
    if not publishes(actor, page):
        raise NotAllowed("Only members of the page's team can publish on it.")
    return page


def only_approved(actor: Actor, page: StatusPage, what: str) -> None:
    """`NotAllowed` for a responder where what customers read needs a manager, and there are no words to wait."""
    if page.needs_approval and not actor.manages(page.team_id):
        raise NotAllowed(f"This page asks for approval; only a manager can {what}.")


def show(page: StatusPage, now: dt.datetime, actor: Actor, cause: str, *, settings: bool = False) -> None:
    """The page's next version. `settings`: something changed that every file shows."""
    page.updated_at = max(now, page.updated_at)
    fields = ["updated_at"]
    if settings:
        # Files are kept while this stays the same, so it moves on even when the clock was put back.
        page.settings_at = max(page.updated_at, page.settings_at + dt.timedelta(milliseconds=1))
        fields.append("settings_at")
    page.save(update_fields=fields)
    publish(page, now, cause=cause, author_id=actor.user_id)
    push_version(page, cause)


def audit(actor: Actor, verb: str, page: StatusPage, what: str = "", **data: Any) -> None:
    """A line in the audit trail; `what` names the part of the page."""
    record(
        actor=actor,
        verb=verb,
        obj_type="status page",
        obj_id=page.pk,
        label=page.name,
        team_id=page.team_id,
        data={"what": what, **data} if what or data else {},
    )


def name_of(value: str, field: str = "name", limit: int = 120) -> str:
    """One line that must not be empty."""
    value = one_line(value, limit)
    if not value:
        raise field_error(field, "This needs a name.")
    return value


def body_of(body: str, field: str = "body") -> str:
    """Text for the public: cleaned, not empty, at most `MAX_BODY` characters."""
    body = clean(body).strip()
    if not body:
        raise field_error(field, "Write what customers should know.")
    if len(body) > MAX_BODY:
        raise field_error(field, f"At most {MAX_BODY:,} characters.")
    return body


def in_languages(texts: Mapping[str, str] | None, field: str, *, title: bool = False) -> dict[str, str]:
    """Language code → text, without the empty ones."""
    found: dict[str, str] = {}
    for code, text in (texts or {}).items():
        if code not in Language.values:
            raise field_error(field, f"“{clean(str(code), 10)}” is not one of {', '.join(Language.values)}.")
        if not isinstance(text, str):
            raise field_error(field, "Each language has a text.")
        text = one_line(text, MAX_TITLE) if title else clean(text).strip()
        if len(text) > MAX_BODY:
            raise field_error(field, f"At most {MAX_BODY:,} characters.")
        if text:
            found[code] = text
    return found


def in_our_time(field: str, value: D) -> D:
    """A date or an instant that every time zone and calendar can show."""
    if value.year not in _YEARS:
        raise field_error(field, f"From {_YEARS.start} to {_YEARS.stop - 1}.")
    return value


def zone_of(name: str) -> str:
    if name not in available_timezones():
        raise field_error("time_zone", "There is no such time zone; Europe/Berlin is one.")
    return name


def colour_of(value: str) -> str:
    value = value.strip().lower()
    if value and not _COLOUR.fullmatch(value):
        raise field_error("accent", "Six hexadecimal digits after a #, such as #0f6670.")
    return value


def host_of(value: str | None, own_host: str) -> str | None:
    """A host name in ASCII, None for none. Refused: this installation's own."""
    value = (value or "").strip().lower().rstrip(".")
    if not value:
        return None
    try:
        value = value.encode("idna").decode()
    except UnicodeError:
        raise field_error("domain", "This is not a host name.") from None
    if not _HOST.fullmatch(value):
        raise field_error("domain", "A host name alone, such as status.example.com.")
    if value == own_host or value in settings.ALLOWED_HOSTS:
        raise field_error("domain", "This is the address of this installation itself.")
    return value
