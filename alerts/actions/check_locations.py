"""Where checks are made from. Admins of the whole installation set them up."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Count, F, QuerySet

from alerts.checks.settling import settle
from alerts.models import Check, CheckLocation
from core import clock
from core.crypto import digest, new_token
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from teams.actions.audit import record
from teams.actor import Actor

MAX_LOCATIONS = 100
TOKEN_PREFIX = "wbc_"  # noqa: S105 - what a token begins with
HERE = "Here"
_TAKEN = "There is a location of that name already."


def may_change_locations(actor: Actor) -> bool:
    """What everybody's checks rest on: admins of the whole installation."""
    return actor.manages(None)


def save_location(
    *,
    actor: Actor,
    location_id: int | None = None,
    name: str,
    is_active: bool = True,
    with_token: bool = False,
) -> tuple[CheckLocation, str]:
    """Make a location or change one; returns it with its token, shown this once ("" when none was made).

    `with_token`: a worker elsewhere serves it; only for a new one, see `renew_location_token` for another. Admins;
    audited. Switched off, its token is refused.
    """
    _require(actor)
    token = new_token(TOKEN_PREFIX) if with_token and location_id is None else ""
    with transaction.atomic():
        row = CheckLocation() if location_id is None else _locked(location_id)
        row.name, row.is_active = one_line(name, 60), is_active
        if not row.name:
            raise field_error("name", "A location needs a name.")
        if CheckLocation.objects.filter(name=row.name).exclude(pk=row.pk).exists():
            raise field_error("name", _TAKEN)
        if row.pk is None and CheckLocation.objects.count() >= MAX_LOCATIONS:
            raise Conflict(f"There can be at most {MAX_LOCATIONS} locations.", code="too_many")
        if row.pk is None and not token and CheckLocation.objects.filter(token_digest=None).exists():
            raise field_error("with_token", "This installation is a location already; others need a token.")
        if token:
            row.token_digest, row.token_hint = digest(token), token[-4:]
        row.save()
        _audit(actor, "created" if location_id is None else "changed", row)
    return row, token


def renew_location_token(*, actor: Actor, location_id: int) -> tuple[CheckLocation, str]:
    """A new token; the old one is refused at once."""
    _require(actor)
    token = new_token(TOKEN_PREFIX)
    with transaction.atomic():
        row = _locked(location_id)
        if row.token_digest is None:
            raise Conflict("This installation's own location needs no token.", code="no_token")
        row.token_digest, row.token_hint = digest(token), token[-4:]
        row.save(update_fields=["token_digest", "token_hint"])
        _audit(actor, "token renewed", row)
    return row, token


def delete_location(*, actor: Actor, location_id: int, now: dt.datetime | None = None) -> None:
    """Checks go on from the others; refused while one would be left with fewer locations than it needs."""
    _require(actor)
    now = now or clock.database_now()
    with transaction.atomic():
        # Checks before locations, as reports of results lock them.
        served = list(_served(location_id).select_for_update(of=("self",), no_key=True))
        row = _locked(location_id)
        short = Check.objects.filter(pk__in=_served(location_id).values("pk"))
        short = short.annotate(n=Count("runs")).filter(n__lte=F("needed")).order_by("name")
        names = list(short.values_list("name", flat=True)[:3])
        if names:
            raise Conflict(
                f"{', '.join(names)} would be left with too few locations; choose another one there first.",
                code="in_use",
            )
        _audit(actor, "deleted", row)
        row.delete()
        for check in served:
            settle(check, now)


def own_location(now: dt.datetime | None = None) -> CheckLocation:
    """The installation's own location, which its worker makes when it starts for the first time."""
    found = CheckLocation.objects.filter(token_digest=None).order_by("pk").first()
    if found is not None:
        return found
    with transaction.atomic():
        # Somebody may have given that name to another.
        taken = CheckLocation.objects.filter(name=HERE).exclude(token_digest=None).exists()
        name = f"{HERE} (this installation)" if taken else HERE
        row, _made = CheckLocation.objects.get_or_create(
            name=name, token_digest=None, defaults={"created_at": now or clock.now()}
        )
    return row


def _served(location_id: int) -> QuerySet[Check]:
    rows: QuerySet[Check] = Check.objects.filter(runs__location_id=location_id)
    return rows.select_related("integration").order_by("pk")


def _locked(location_id: int) -> CheckLocation:
    row = CheckLocation.objects.select_for_update().filter(pk=location_id).first()
    if row is None:
        raise NotVisible
    return row


def _require(actor: Actor) -> None:
    if not may_change_locations(actor):
        raise NotAllowed("Only an admin can set up where checks are made from.")


def _audit(actor: Actor, verb: str, row: CheckLocation) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="check location",
        obj_id=row.pk or 0,
        label=row.name,
        data={"is_active": row.is_active, "has_token": row.token_digest is not None},
    )
