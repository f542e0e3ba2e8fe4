"""What tests need to exist, in one line each. Import inside test modules, not in a conftest (models)."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.test import Client
from rest_framework.test import APIClient

from core import clock
from core.crypto import digest, new_token
from teams.actions.memberships import create_team, set_member
from teams.actor import ALL_SCOPES, Actor, actor_for, system_actor
from teams.choices import TeamRole, TeamVisibility
from teams.models import APIToken, Membership, Team, User

PASSWORD = "Correct-horse-7"
_numbers = itertools.count(1)


def make_user(
    name: str = "",
    *,
    email: str = "",
    admin: bool = False,
    support: bool = False,
    password: str | None = None,
    **fields: Any,
) -> User:
    """An active person; without `password` nobody can sign in with one (use `signed_in`)."""
    number = next(_numbers)
    name = name or f"Person {number}"
    email = email or f"{name.lower().replace(' ', '.')}.{number}@example.com"
    return User.objects.create_user(
        email, password, name=name, is_superuser=admin, is_staff=admin, is_support=support, **fields
    )


def make_team(
    name: str = "",
    *,
    slug: str = "",
    visibility: str = TeamVisibility.ORGANISATION,
    manager: User | None = None,
    members: Iterable[User] = (),
) -> Team:
    """A team with its group; `manager` becomes manager, `members` responders."""
    name = name or f"Team {next(_numbers)}"
    team = create_team(actor=system_actor(), name=name, slug=slug, visibility=visibility)
    if manager is not None:
        make_membership(manager, team, TeamRole.MANAGER)
    for member in members:
        make_membership(member, team)
    return team


def make_membership(user: User, team: Team, role: str = TeamRole.RESPONDER) -> Membership:
    return set_member(actor=system_actor(), team_id=team.pk, user_id=user.pk, role=role)


def actor_of(user: User, *, via: str = "web", token: APIToken | None = None) -> Actor:
    """The actor of the person as the database has it now: make it anew after roles have changed."""
    user.refresh_from_db()
    return actor_for(user, via=via, token=token)


def make_token(
    user: User,
    *,
    scopes: Iterable[str] = ALL_SCOPES,
    team: Team | None = None,
    expires_at: dt.datetime | None = None,
) -> tuple[APIToken, str]:
    """A token row and its secret, whatever the person may; `teams.actions.tokens` has the rules."""
    secret = new_token("wb_")
    token = APIToken.objects.create(
        user=user,
        name="test",
        prefix=secret[:10],
        digest=digest(secret),
        scopes=sorted(scopes),
        team=team,
        expires_at=expires_at,
        last_used_at=clock.now(),
    )
    return token, secret


def signed_in(user: User | None) -> Client:
    """A browser signed in as this person; None is a visitor."""
    client = Client()
    if user is not None:
        user.refresh_from_db()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def api_client(
    user: User | None, *, scopes: Iterable[str] = ALL_SCOPES, team: Team | None = None
) -> APIClient:
    """An API client with a fresh bearer token of this person; None sends no token."""
    client = APIClient()
    if user is not None:
        _row, secret = make_token(user, scopes=scopes, team=team)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@dataclass(frozen=True)
class People:
    """Five people around one team: `owner` manages it, `teammate` responds in it.

    `support` has the instance role support and `admin` the instance role admin; neither they nor
    `stranger` belong to `team`. `stranger` belongs to no team at all.
    """

    team: Team
    owner: User
    teammate: User
    support: User
    stranger: User
    admin: User

    def actor(self, who: str) -> Actor:
        """`people.actor("owner")`: the actor of that person as of now."""
        return actor_of(getattr(self, who))

    def browser(self, who: str) -> Client:
        return signed_in(getattr(self, who))

    def api(self, who: str, **options: Any) -> APIClient:
        return api_client(getattr(self, who), **options)


def make_people(*, visibility: str = TeamVisibility.ORGANISATION) -> People:
    """The cast of most tests; a members-only team on request."""
    owner, teammate = make_user("Olga Owner"), make_user("Tom Teammate")
    team = make_team("Payments", visibility=visibility, manager=owner, members=[teammate])
    return People(
        team=team,
        owner=owner,
        teammate=teammate,
        support=make_user("Sue Support", support=True),
        stranger=make_user("Sam Stranger"),
        admin=make_user("Ada Admin", admin=True),
    )
