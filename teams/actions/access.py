"""Ways in: sessions, password links made by an admin, and the second factor."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from core.errors import Conflict, NotVisible
from core.events import publish
from core.live.publishing import revoke
from teams.actions.audit import record
from teams.actions.people import locked
from teams.actor import Actor
from teams.events import PasswordChanged
from teams.models import User
from teams.permissions import require


def end_all_sessions(*, actor: Actor, user_id: int) -> User:
    """End every session of the person; the caller keeps its own by hashing it anew. Audited."""
    require(actor, "end sessions", person_id=user_id)
    with transaction.atomic():
        user = locked(user_id)
        drop_sessions(user)
        record(actor=actor, verb="sessions ended", obj_type="person", obj_id=user.pk, label=user.name)
    return user


def end_session(*, actor: Actor, session_id: int) -> None:
    """End one session of the actor's own."""
    with transaction.atomic():
        row = UserSession.objects.filter(pk=session_id, user_id=actor.user_id).first()
        if row is None:
            raise NotVisible
        require(actor, "end sessions", person_id=row.user_id)
        row.end()
        record(actor=actor, verb="session ended", obj_type="person", obj_id=row.user_id, label=actor.label)
        revoke(user_id=row.user_id)


def drop_sessions(user: User) -> None:
    """Make all sessions of the (locked) person void, in the caller's transaction."""
    user.session_epoch = F("session_epoch") + 1
    user.save(update_fields=["session_epoch"])
    user.refresh_from_db(fields=["session_epoch"])
    keys = list(UserSession.objects.filter(user=user).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user=user).delete()
    revoke(user_id=user.pk)


def set_password(*, actor: Actor, user: User, password: str) -> User:
    """Set the password on this object and in its row (`password` was checked); its sessions end. Audited."""
    require(actor, "change password", person_id=user.pk)
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        record(actor=actor, verb="password set", obj_type="person", obj_id=user.pk, label=user.name)
        publish(PasswordChanged(user_id=user.pk, by=actor.label))
        revoke(user_id=user.pk)
    return user


def make_password_link(*, actor: Actor, user_id: int) -> str:
    """Path of a page on which the person may set a password, once. Admins only; audited.

    For installations without mail. The link goes void with the next sign-in or password.
    """
    require(actor, "reset sign-in")
    with transaction.atomic():
        user = locked(user_id)
        if not user.is_active:
            raise Conflict("This person is deactivated.", code="inactive")
        key = default_token_generator.make_token(user)
        record(actor=actor, verb="password link made", obj_type="person", obj_id=user.pk, label=user.name)
    address = {"uidb36": user_pk_to_url_str(user), "key": key}
    return reverse("account_reset_password_from_key", kwargs=address)


def remove_second_factor(*, actor: Actor, user_id: int) -> int:
    """Remove authenticator app and recovery codes of somebody who lost them. Admins only; audited."""
    require(actor, "reset sign-in")
    with transaction.atomic():
        user = locked(user_id)
        count, _by_model = Authenticator.objects.filter(user=user).delete()
        if count:
            record(
                actor=actor, verb="second factor removed", obj_type="person", obj_id=user.pk, label=user.name
            )
    return count
