"""Letting people in: a link that works once, for a week, sent by mail or copied."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.crypto import digest, new_token, seal
from core.errors import Conflict, NotVisible, field_error
from core.events import publish
from core.text import one_line
from teams.actions._persons import add_person, checked_email
from teams.actions.audit import record
from teams.actions.memberships import join
from teams.actor import Actor, system_actor
from teams.choices import TeamRole
from teams.events import InvitationCreated
from teams.models import Invitation, Membership, Team, User
from teams.permissions import require

LIFETIME = dt.timedelta(days=7)


def create_invitation(
    *,
    actor: Actor,
    email: str = "",
    name: str = "",
    team_id: int | None = None,
    role: str = TeamRole.RESPONDER,
    send: bool = False,
    now: dt.datetime | None = None,
) -> tuple[Invitation, str]:
    """Invite one person; returns the row and the path of the link, whose secret is not kept. Audited.

    With `email` only that address may use it, and an earlier open invitation of the address into the same
    team goes void. Managers invite into their teams, admins anywhere. `send` also mails the link.
    """
    now = now or clock.now()
    if role not in TeamRole.values:
        raise field_error("role", "Choose manager, responder or observer.")
    with transaction.atomic():
        team = _team_for(actor, team_id)
        address = checked_email(email) if email.strip() else ""
        if send and not address:
            raise field_error("email", "Enter the address to send the invitation to.")
        _check_address(address, team)
        secret = new_token()
        if address:
            Invitation.objects.pending(now).filter(email=address, team=team).update(revoked_at=now)
        invitation = Invitation.objects.create(
            email=address,
            name=one_line(name, 120),
            team=team,
            role=role,
            digest=digest(secret),
            created_by_id=actor.user_id,
            created_at=now,
            expires_at=now + LIFETIME,
        )
        path = invitation_path(secret)
        _note(actor, "invited", invitation, {"role": role, "sent": send})
        if send:
            publish(
                InvitationCreated(
                    invitation_id=invitation.pk,
                    email=address,
                    name=invitation.name,
                    sealed_path=seal(path),
                    invited_by=actor.label,
                    team_name=team.name if team else "",
                )
            )
    return invitation, path


def revoke_invitation(*, actor: Actor, invitation_id: int, now: dt.datetime | None = None) -> Invitation:
    """Make an open invitation useless; a used one is a conflict, a revoked one stays so. Audited."""
    now = now or clock.now()
    with transaction.atomic():
        rows = Invitation.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
        invitation = rows.filter(pk=invitation_id).first()
        if invitation is None:
            raise NotVisible
        _require(actor, invitation.team_id)
        if invitation.accepted_at is not None:
            raise Conflict("This invitation was used already.", code="invitation_used")
        if invitation.revoked_at is None:
            invitation.revoked_at = now
            invitation.save(update_fields=["revoked_at"])
            _note(actor, "invitation revoked", invitation, {})
    return invitation


def accept_invitation(
    *, secret: str, name: str, password: str, email: str = "", now: dt.datetime | None = None
) -> User:
    """Make an account with the link and join its team. Audited.

    `email` is asked for only when the invitation names none; another than the invited one is refused.
    """
    now = now or clock.now()
    with transaction.atomic():
        invitation = _open(secret, now)
        if invitation.email and email.strip() and email.strip().lower() != invitation.email:
            raise field_error("email", "This invitation is for another address.")
        user = add_person(email=invitation.email or email, name=name, password=password)
        _use(invitation, user, now)
    return user


def join_with_invitation(*, actor: Actor, secret: str, now: dt.datetime | None = None) -> User:
    """Use the link with the account one has. Refused for another address than the invited one. Audited."""
    now = now or clock.now()
    with transaction.atomic():
        invitation = _open(secret, now)
        user = User.objects.filter(pk=actor.user_id, is_active=True).first()
        if user is None:
            raise NotVisible
        if invitation.email and invitation.email != user.email.lower():
            raise Conflict("This invitation is for another address.", code="foreign_invitation")
        if invitation.team_id is None:
            raise Conflict("You have an account already.", code="already_member")
        if Membership.objects.filter(team_id=invitation.team_id, user=user).exists():
            raise Conflict("You are in this team already.", code="already_member")
        _use(invitation, user, now)
    return user


def invitation_path(secret: str) -> str:
    return f"/invite/{secret}/"


def _open(secret: str, now: dt.datetime) -> Invitation:
    rows = Invitation.objects.select_for_update(of=("self",), no_key=True)
    invitation = rows.select_related("team", "created_by").filter(digest=digest(secret)).first()
    if invitation is None:
        raise NotVisible
    if invitation.accepted_at is not None:
        raise Conflict("This invitation was used already.", code="invitation_used")
    if invitation.revoked_at is not None or invitation.expires_at <= now:
        raise Conflict("This invitation has expired. Ask for a new one.", code="invitation_expired")
    return invitation


def _use(invitation: Invitation, user: User, now: dt.datetime) -> None:
    invitation.accepted_at, invitation.accepted_by = now, user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    if invitation.team is not None:
        join(invitation.team, user, invitation.role)
    inviter = invitation.created_by.name if invitation.created_by else "Watchbill"
    by = system_actor(label=user.name, via="web")
    _note(by, "invitation accepted", invitation, {"invited_by": inviter, "person": user.pk})


def _team_for(actor: Actor, team_id: int | None) -> Team | None:
    if team_id is None:
        _require(actor, None)
        return None
    team = Team.objects.visible_to(actor).filter(pk=team_id).first()
    if team is None:
        raise field_error("team", "There is no such team.")
    _require(actor, team.pk)
    return team


def _require(actor: Actor, team_id: int | None) -> None:
    if team_id is None:
        require(actor, "invite person")
    else:
        require(actor, "invite to team", team_id=team_id)


def _check_address(address: str, team: Team | None) -> None:
    user = User.objects.filter(email=address).first() if address else None
    if user is None:
        return
    if not user.is_active:
        raise field_error("email", "This person is deactivated. An admin can reactivate them.")
    if team is None or Membership.objects.filter(team=team, user=user).exists():
        where = "in this team" if team else "here"
        raise field_error("email", f"{user.name} is {where} already.")


def _note(actor: Actor, verb: str, invitation: Invitation, data: dict[str, object]) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="invitation",
        obj_id=invitation.pk,
        label=str(invitation),
        team_id=invitation.team_id,
        data=data,
    )
