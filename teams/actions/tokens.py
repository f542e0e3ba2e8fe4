"""API tokens. A token never allows more than its person may; scopes only take away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from core import clock
from core.crypto import digest, new_token
from core.errors import Conflict, NotVisible, field_error
from core.live.publishing import revoke
from core.text import one_line
from teams.actions.audit import record
from teams.actor import Actor
from teams.choices import Scope
from teams.models import APIToken, Membership, Team, User
from teams.permissions import allows, require
from teams.querysets import in_force

PREFIX = "wb_"
MOST = 50
LONGEST = dt.timedelta(days=3660)


def create_token(
    *,
    actor: Actor,
    name: str,
    scopes: Iterable[str],
    team_id: int | None = None,
    expires_at: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> tuple[APIToken, str]:
    """Create a token for the actor; returns the row and the secret, which is not kept. Audited.

    `scopes` must be among the actor's own; `team_id` must be a team of the actor (admins: any). Made with
    another token, it inherits that token's team and may not outlive it.
    """
    now = now or clock.now()
    require(actor, "create token", person_id=actor.user_id)
    name, wanted = one_line(name, 120), frozenset(scopes)
    if not name:
        raise field_error("name", "Give the token a name, such as what will use it.")
    _check_scopes(actor, wanted)
    team_id = _team_for(actor, team_id)
    _check_expiry(actor, expires_at, now)
    secret = new_token(PREFIX)
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=actor.user_id)
        if user.api_tokens.filter(in_force(now)).count() >= MOST:
            raise Conflict(f"At most {MOST} tokens. Revoke one first.", code="too_many_tokens")
        token = APIToken.objects.create(
            user=user,
            name=name,
            prefix=secret[:10],
            digest=digest(secret),
            scopes=[scope for scope in Scope.values if scope in wanted],
            team_id=team_id,
            expires_at=expires_at,
            created_at=now,
        )
        _note(actor, "token created", token)
    return token, secret


def revoke_token(*, actor: Actor, token_id: int, now: dt.datetime | None = None) -> APIToken:
    """Make a token useless at once. Own ones, and any for admins; again changes nothing. Audited."""
    now = now or clock.now()
    with transaction.atomic():
        token = APIToken.objects.select_for_update(no_key=True).filter(pk=token_id).first()
        if token is None or not allows(actor, "revoke token", person_id=token.user_id):
            raise NotVisible
        if actor.bound_team_id is not None and token.team_id != actor.bound_team_id:
            raise NotVisible
        if token.revoked_at is None:
            token.revoked_at = now
            token.save(update_fields=["revoked_at"])
            _note(actor, "token revoked", token)
            revoke(user_id=token.user_id)
    return token


def _check_scopes(actor: Actor, wanted: frozenset[str]) -> None:
    unknown = wanted - frozenset(Scope.values)
    if not wanted or unknown:
        raise field_error("scopes", "Choose at least one of read, respond and manage.")
    if not wanted <= actor.scopes:
        missing = ", ".join(sorted(wanted - actor.scopes))
        raise field_error("scopes", f"You cannot give away what you do not have: {missing}.")


def _team_for(actor: Actor, team_id: int | None) -> int | None:
    if actor.bound_team_id is not None:
        if team_id not in (None, actor.bound_team_id):
            raise field_error("team", "The token in use is bound to another team.")
        return actor.bound_team_id
    if team_id is None:
        return None
    assert actor.user_id is not None
    own = Membership.objects.filter(team_id=team_id, user_id=actor.user_id).exists()
    if not own and not (actor.is_admin and Team.objects.filter(pk=team_id).exists()):
        raise field_error("team", "Choose one of your teams.")
    return team_id


def _check_expiry(actor: Actor, expires_at: dt.datetime | None, now: dt.datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise field_error("expires_at", "This lies in the past.")
    if expires_at is not None and expires_at > now + LONGEST:
        raise field_error("expires_at", "At most ten years ahead; leave it empty for no end.")
    if actor.token_id is None:
        return
    limit = APIToken.objects.values_list("expires_at", flat=True).get(pk=actor.token_id)
    if limit is not None and (expires_at is None or expires_at > limit):
        raise field_error("expires_at", "It may not outlive the token that creates it.")


def _note(actor: Actor, verb: str, token: APIToken) -> None:
    data = {"name": token.name, "scopes": token.scopes, "person": token.user_id}
    record(
        actor=actor,
        verb=verb,
        obj_type="token",
        obj_id=token.pk,
        label=str(token),
        team_id=token.team_id,
        data=data,
    )
