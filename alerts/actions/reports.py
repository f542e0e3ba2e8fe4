"""The public report form: how it is set up, and what comes in over it."""

from __future__ import annotations

import datetime as dt
import re
import uuid

from django.core import signing
from django.db import IntegrityError, transaction

from alerts.actions.integrations import locked_integration
from alerts.choices import SourceKind
from alerts.models import IntakeItem, Integration
from alerts.sources import PayloadError
from alerts.sources.report import MAX_WHAT, check_settings, event
from alerts.watch.feeding import feed
from core import clock
from core.errors import Conflict, InvalidInput, field_error
from core.text import clean
from teams.actions.audit import record
from teams.actor import Actor

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,62}[a-z0-9])")
_NAMES = uuid.UUID("0f1e6f5e-0a5d-4a64-8f0f-6d0d3f2a9b11")
_SALT = "alerts.report"
# A person takes longer than the first; a page left open may be sent for as long as the second.
SOONEST, LATEST = dt.timedelta(seconds=2), dt.timedelta(hours=24)


class Stale(Exception):
    """The form was sent too soon after it was shown, too long after, or by something that never saw it."""


def set_report_form(
    *,
    actor: Actor,
    integration_id: int,
    slug: str | None = None,
    title: str | None = None,
    intro: str | None = None,
    urgent: bool | None = None,
) -> Integration:
    """Change what a public form says and where it is; what is None stays. Managers of the team; audited."""
    given = {"title": title, "intro": intro, "urgent": urgent}
    with transaction.atomic():
        integration = locked_integration(actor, integration_id)
        if integration.kind != SourceKind.REPORT:
            raise Conflict("This integration has no form.", code="no_form")
        try:
            found = check_settings({name: value for name, value in given.items() if value is not None})
        except PayloadError as error:
            raise InvalidInput(str(error), fields=error.errors) from None
        integration.settings = {**integration.settings, **found}
        if slug is not None:
            integration.mail_local = _slug(slug)
        try:
            with transaction.atomic():
                integration.save(update_fields=["settings", "mail_local"])
        except IntegrityError:
            raise field_error("slug", "This address is taken.") from None
        record(
            actor=actor,
            verb="form changed",
            obj_type="integration",
            obj_id=integration.pk,
            label=integration.name,
            team_id=integration.team_id,
            data={"slug": integration.mail_local, **integration.settings},
        )
    return integration


def _slug(slug: str) -> str:
    slug = slug.strip().lower()
    if not _SLUG.fullmatch(slug):
        raise field_error("slug", "3 to 64 small letters, digits and dashes, no dash at the ends.")
    return slug


def form_at(slug: str) -> Integration | None:
    """The form at that address, if it is switched on."""
    rows = Integration.objects.filter(kind=SourceKind.REPORT, mail_local=slug, is_active=True)
    found: Integration | None = rows.first()
    return found


def form_title(form: Integration) -> str:
    return str(form.settings.get("title") or form.name)


def new_token(form: Integration, now: dt.datetime | None = None) -> str:
    """Proof that the form was shown, and when; one report a token."""
    shown = int((now or clock.now()).timestamp())
    return signing.dumps([form.pk, shown, uuid.uuid4().hex[:16]], salt=_SALT)


def report(
    *, form: Integration, token: str, fields: dict[str, str], now: dt.datetime | None = None
) -> tuple[str, IntakeItem | None]:
    """Keep a report; its reference and the item, None when the same page was sent before. Durable when it returns.

    `fields`: what (needed), when, contact, page. `Stale` when the token is not of this form or not of this day.
    """
    now = now or clock.now()
    name = _name(form, token, now)
    if not clean(fields.get("what", "")).strip():
        raise field_error("what", "Say what is wrong.")
    if len(fields["what"]) > MAX_WHAT:
        raise field_error("what", f"At most {MAX_WHAT:,} characters.")
    reference = name.hex[:8].upper()
    with transaction.atomic():
        Integration.objects.select_for_update(no_key=True).get(pk=form.pk)
        if IntakeItem.objects.filter(request_id=name, integration=form).exists():
            return reference, None
        urgent = bool(form.settings.get("urgent"))
        parsed = event(form.pk, form_title(form), urgent, reference, fields)
        raw = {key: clean(value, MAX_WHAT) for key, value in fields.items()}
        return reference, feed(form, parsed, clock.database_now(), raw=raw, request_id=name)


def _name(form: Integration, token: str, now: dt.datetime) -> uuid.UUID:
    try:
        pk, shown, _once = signing.loads(token[:500], salt=_SALT)
        age = now - dt.datetime.fromtimestamp(shown, tz=dt.UTC)
    except (signing.BadSignature, ValueError, TypeError, OverflowError, OSError):
        raise Stale from None
    if pk != form.pk or not SOONEST <= age <= LATEST:
        raise Stale
    return uuid.uuid5(_NAMES, token)
