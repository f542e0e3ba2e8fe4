"""People: accounts, profiles and instance roles. Leaving is in `deactivation`."""

from __future__ import annotations

import zoneinfo
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from core.errors import Conflict, NotVisible, field_error
from core.live.publishing import revoke
from teams.actions._persons import add_person, checked_email, checked_name
from teams.actions.audit import record
from teams.actor import Actor
from teams.choices import Theme
from teams.models import User
from teams.permissions import require

PROFILE_FIELDS = frozenset(
    {"name", "time_zone", "language", "theme", "clock_24h", "week_starts_monday", "single_keys"}
)


def create_user(
    *,
    actor: Actor,
    email: str,
    name: str,
    password: str | None = None,
    time_zone: str = "UTC",
    admin: bool = False,
    support: bool = False,
) -> User:
    """Create a person without invitation. Admins only; audited. Without `password` they need a link."""
    require(actor, "create person")
    fields = checked_profile({"time_zone": time_zone})
    with transaction.atomic():
        user = add_person(
            email=email,
            name=name,
            password=password,
            is_superuser=admin,
            is_staff=admin,
            is_support=support,
            **fields,
        )
        _note(actor, "created", user, {"admin": admin, "support": support})
    return user


def update_profile(*, actor: Actor, user_id: int, **changes: Any) -> User:
    """Change fields of `PROFILE_FIELDS`. The person and admins; audited when another did it."""
    require(actor, "change profile", person_id=user_id)
    unknown = set(changes) - PROFILE_FIELDS
    if unknown:
        raise field_error(min(unknown), "This cannot be changed here.")
    cleaned = checked_profile(changes)
    with transaction.atomic():
        user = locked(user_id)
        changed = sorted(name for name, value in cleaned.items() if getattr(user, name) != value)
        for name in changed:
            setattr(user, name, cleaned[name])
        if changed:
            user.save(update_fields=changed)
            if actor.user_id != user.pk:
                _note(actor, "profile changed", user, {"fields": changed})
    return user


def change_email(*, actor: Actor, user_id: int, email: str) -> User:
    """Change the address a person signs in with. Admins only; audited."""
    require(actor, "change e-mail")
    address = checked_email(email)
    with transaction.atomic():
        user = locked(user_id)
        before = user.email
        if before == address:
            return user
        if User.objects.exclude(pk=user.pk).filter(email__iexact=address).exists():
            raise field_error("email", "Somebody already uses this address.")
        user.email = address
        user.save(update_fields=["email"])
        EmailAddress.objects.filter(user=user).delete()
        _note(actor, "e-mail changed", user, {"before": before, "after": address})
    return user


def set_instance_role(
    *, actor: Actor, user_id: int, admin: bool | None = None, support: bool | None = None
) -> User:
    """Give or take the roles admin and support; None leaves as is. Admins only; audited.

    The last active admin stays one. Django admin access goes with the role admin.
    """
    require(actor, "set instance role")
    with transaction.atomic():
        lock_admins()
        user = locked(user_id)
        before = {"admin": user.is_superuser, "support": user.is_support}
        after = {
            "admin": before["admin"] if admin is None else admin,
            "support": before["support"] if support is None else support,
        }
        if before == after:
            return user
        if before["admin"] and not after["admin"]:
            keep_one_admin(user.pk)
        user.is_superuser = user.is_staff = after["admin"]
        user.is_support = after["support"]
        user.save(update_fields=["is_superuser", "is_staff", "is_support"])
        _note(actor, "role set", user, {"before": before, "after": after})
        revoke(user_id=user.pk)
    return user


def checked_profile(changes: dict[str, Any]) -> dict[str, Any]:
    """The changes, cleaned; a field error for what does not fit."""
    cleaned = dict(changes)
    if "name" in cleaned:
        cleaned["name"] = checked_name(str(cleaned["name"]))
    if "time_zone" in cleaned and cleaned["time_zone"] not in zoneinfo.available_timezones():
        raise field_error("time_zone", "Choose a time zone such as Europe/Berlin.")
    if "theme" in cleaned and cleaned["theme"] not in Theme.values:
        raise field_error("theme", "Choose system, light or dark.")
    if "language" in cleaned and cleaned["language"] not in dict(settings.LANGUAGES):
        raise field_error("language", "This language is not available.")
    for name in ("clock_24h", "week_starts_monday", "single_keys"):
        if name in cleaned and not isinstance(cleaned[name], bool):
            raise field_error(name, "Must be true or false.")
    return cleaned


def locked(user_id: int) -> User:
    """The person, row locked; `NotVisible` when there is none."""
    user = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if user is None:
        raise NotVisible
    return user


def lock_admins() -> None:
    """Lock all active admins, in one order, so that two of them cannot remove each other."""
    list(
        User.objects.select_for_update(no_key=True)
        .filter(is_superuser=True, is_active=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def keep_one_admin(leaving_id: int) -> None:
    """Refuse when nobody else could administer; needs `lock_admins` before."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=leaving_id)
    if not others.exists():
        raise Conflict("There must be at least one active admin.", code="last_admin")


def _note(actor: Actor, verb: str, user: User, data: dict[str, Any] | None = None) -> None:
    record(actor=actor, verb=verb, obj_type="person", obj_id=user.pk, label=user.name, data=data)
