"""Reads about people, teams and tokens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from core import clock
from core.crypto import digest
from core.errors import InvalidInput
from teams.actor import Actor
from teams.choices import TeamRole
from teams.models import APIToken, AuditEntry, Invitation, Membership, SavedView, Team, User
from teams.querysets import in_force
from teams.saved_views import clean_query

_TOUCH_EVERY = dt.timedelta(minutes=1)


def token_by_secret(secret: str) -> APIToken | None:
    """The valid token with this secret, its person loaded; notes when it was last used (to the minute)."""
    if not 20 <= len(secret) <= 200:
        return None
    now = clock.now()
    token = (
        APIToken.objects.select_related("user")
        .filter(in_force(now), digest=digest(secret), user__is_active=True)
        .first()
    )
    if token and (token.last_used_at is None or now - token.last_used_at > _TOUCH_EVERY):
        APIToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def team_list(actor: Actor) -> QuerySet[Team]:
    """Visible teams with `member_count`, and `managers` loaded as a list of memberships."""
    managers = Membership.objects.filter(role=TeamRole.MANAGER, user__is_active=True).select_related("user")
    active = Count("memberships", filter=Q(memberships__user__is_active=True))
    return (
        Team.objects.visible_to(actor)
        .annotate(member_count=active)
        .prefetch_related(Prefetch("memberships", managers, to_attr="managers"))
    )


def team_members(team: Team) -> QuerySet[Membership]:
    """The team's memberships with their people: the active first, by name."""
    return team.memberships.select_related("user").order_by("-user__is_active", "user__name", "user_id")


def addable_people(team: Team) -> QuerySet[User]:
    """Active people outside the team, by name."""
    return User.objects.active().exclude(memberships__team=team).order_by("name", "id")


def people_list(actor: Actor, *, search: str = "", state: str = "") -> QuerySet[User]:
    """Everybody with `team_names` and `has_second_factor`. state: "", active, inactive, admin or support."""
    rows = User.objects.visible_to(actor).annotate(
        team_names=ArrayAgg("teams__name", filter=Q(teams__isnull=False), default=[], order_by="teams__name"),
        has_second_factor=Exists(Authenticator.objects.filter(user=OuterRef("pk"), type="totp")),
    )
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(email__icontains=search))
    filters = {
        "active": Q(is_active=True),
        "inactive": Q(is_active=False),
        "admin": Q(is_superuser=True),
        "support": Q(is_support=True),
    }
    rows = rows.order_by("name", "id")
    return rows.filter(filters[state]) if state in filters else rows


def open_invitations(actor: Actor, *, team: Team | None = None) -> QuerySet[Invitation]:
    """Invitations that still work, into this team or (for admins) anywhere."""
    rows = Invitation.objects.visible_to(actor).pending(clock.now()).select_related("team", "created_by")
    return rows if team is None else rows.filter(team=team)


@dataclass(frozen=True)
class InvitationView:
    """What the holder of a link gets to see. `state`: open, used or expired."""

    invitation: Invitation
    state: str


def invitation_by_secret(secret: str, now: dt.datetime) -> InvitationView | None:
    """The invitation behind a link; None when there is none."""
    found = Invitation.objects.select_related("team", "created_by").filter(digest=digest(secret)).first()
    if found is None:
        return None
    if found.accepted_at is not None:
        return InvitationView(found, "used")
    lapsed = found.revoked_at is not None or found.expires_at <= now
    return InvitationView(found, "expired" if lapsed else "open")


def audit_entries(actor: Actor, **filters: Any) -> QuerySet[AuditEntry]:
    """Visible entries, newest first. Filters: actor (id), verb, object_type, object_id, since, until."""
    rows = AuditEntry.objects.visible_to(actor).select_related("actor", "team").order_by("-id")
    names = {
        "actor": "actor_id",
        "verb": "verb",
        "object_type": "object_type",
        "object_id": "object_id",
        "since": "at__gte",
        "until": "at__lt",
    }
    return rows.filter(**{names[key]: value for key, value in filters.items() if value not in (None, "")})


def audit_choices(actor: Actor) -> tuple[list[str], list[str]]:
    """The verbs and object types that occur among the newest 5,000 visible entries."""
    newest = AuditEntry.objects.visible_to(actor).order_by("-id").values_list("verb", "object_type")[:5000]
    pairs = set(newest)
    return sorted({verb for verb, _kind in pairs}), sorted({kind for _verb, kind in pairs})


@dataclass(frozen=True)
class SavedViews:
    """What a list shows of saved views: the rows, and what saving one needs."""

    page: str
    rows: list[SavedView]
    query: str
    teams: list[Team]

    @property
    def current(self) -> SavedView | None:
        """The view that is shown at this moment."""
        return next((row for row in self.rows if row.query == self.query), None)


def saved_views(actor: Actor, page: str, query: str) -> SavedViews:
    """The views of a list that the actor may see, own ones first. `query`: the list's address after the "?".
    At most two statements."""
    rows = SavedView.objects.visible_to(actor).filter(page=page).select_related("team", "user")
    found = sorted(rows[:100], key=lambda row: (row.user_id != actor.user_id, row.name.lower()))
    try:
        shown = clean_query(query)
    except InvalidInput:
        shown = ""
    teams = list(Team.objects.filter(pk__in=actor.teams_with()).order_by("name")) if shown else []
    return SavedViews(page, found, shown, teams)
