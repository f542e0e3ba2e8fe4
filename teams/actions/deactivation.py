"""Leaving and coming back. Nobody leaves while something still waits for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from core import clock
from core.errors import Conflict, InvalidInput, field_error
from core.events import publish
from core.live.publishing import revoke
from teams import hooks
from teams.actions.access import drop_sessions
from teams.actions.audit import record
from teams.actions.people import keep_one_admin, lock_admins, locked
from teams.actor import Actor
from teams.events import PersonDeactivated, PersonReactivated
from teams.models import Invitation, User
from teams.permissions import require


def deactivate_user(
    *, actor: Actor, user_id: int, successors: Mapping[str, int], now: dt.datetime | None = None
) -> User:
    """Shut the person out and hand over what they hold, in one transaction. Admins only; audited.

    `successors`: kind of `teams.hooks` → id of an active person. Refused (code `handover_needed`, fields by
    kind) while something is held and nobody named for it; for oneself and for the last admin. Memberships
    stay, so that coming back restores them. Again changes nothing.
    """
    now = now or clock.now()
    require(actor, "deactivate")
    if user_id == actor.user_id:
        raise Conflict("Ask another admin to deactivate you.", code="own_account")
    with transaction.atomic():
        lock_admins()
        user = locked(user_id)
        if not user.is_active:
            return user
        if user.is_superuser:
            keep_one_admin(user.pk)
        taken = _hand_over(user, successors, actor, now)
        user.is_active = False
        user.save(update_fields=["is_active"])
        drop_sessions(user)
        user.api_tokens.filter(revoked_at__isnull=True).update(revoked_at=now)
        Invitation.objects.pending(now).filter(created_by=user).update(revoked_at=now)
        _note(actor, "deactivated", user, {"successors": taken})
        publish(PersonDeactivated(user_id=user.pk, by=actor.label))
    return user


def reactivate_user(*, actor: Actor, user_id: int) -> User:
    """Let the person sign in again; tokens stay revoked. Admins only; audited."""
    require(actor, "reactivate")
    with transaction.atomic():
        user = locked(user_id)
        if user.is_active:
            return user
        user.is_active = True
        user.save(update_fields=["is_active"])
        _note(actor, "reactivated", user, {})
        publish(PersonReactivated(user_id=user.pk, by=actor.label))
        revoke(user_id=user.pk)
    return user


def _hand_over(user: User, successors: Mapping[str, int], actor: Actor, now: dt.datetime) -> dict[str, int]:
    held = hooks.held_by(user.pk)
    missing = [kind for kind in held if kind not in successors]
    if missing:
        raise InvalidInput(
            f"{user.name} still holds something: say who takes it.",
            code="handover_needed",
            fields={kind: [hooks.question(kind)] for kind in missing},
        )
    chosen = {kind: successors[kind] for kind in held}
    active = set(User.objects.active().filter(pk__in=chosen.values()).values_list("pk", flat=True))
    for kind, successor_id in chosen.items():
        if successor_id == user.pk or successor_id not in active:
            raise field_error(kind, "Choose an active person.")
    for provider in hooks.providers():
        if provider.kind in chosen:
            provider.hand_over(user.pk, chosen[provider.kind], actor, now)
    left = hooks.held_by(user.pk)
    if left:
        raise Conflict(
            "Something was given to this person in the meantime. Look again.", code="handover_incomplete"
        )
    return chosen


def _note(actor: Actor, verb: str, user: User, data: dict[str, object]) -> None:
    record(actor=actor, verb=verb, obj_type="person", obj_id=user.pk, label=user.name, data=data)
