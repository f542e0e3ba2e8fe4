"""Teams and who belongs to them. The only writer of memberships, so that groups stay in step."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.text import slugify

from core.errors import Conflict, NotVisible, field_error
from core.events import publish
from core.live.publishing import revoke
from core.text import clean, one_line
from teams.actions._locks import lock
from teams.actions.audit import record
from teams.actor import Actor
from teams.choices import TeamRole, TeamVisibility
from teams.events import MembershipChanged, TeamCreated
from teams.models import Membership, Team, User
from teams.permissions import require

RESERVED_SLUGS = frozenset({"new", "me"})


def create_team(
    *,
    actor: Actor,
    name: str,
    slug: str = "",
    description: str = "",
    visibility: str = TeamVisibility.ORGANISATION,
) -> Team:
    """Create a team and its group; the creator becomes manager. Admins only; audited."""
    require(actor, "create team")
    name = one_line(name, 120)
    slug = slug or slugify(name)[:60]
    if not name:
        raise field_error("name", "A team needs a name.")
    if visibility not in TeamVisibility.values:
        raise field_error("visibility", "Choose organisation or members.")
    _check_slug(slug)
    with transaction.atomic():
        # Two at once with one address: the second waits here and then sees the first.
        lock("teams.create")
        if Team.objects.filter(slug=slug).exists():
            raise field_error("slug", "Another team has this address already.")
        group = Group.objects.create(name=f"team:{slug}")
        team = Team.objects.create(
            slug=slug, name=name, description=clean(description), visibility=visibility, group=group
        )
        record(actor=actor, verb="created", obj_type="team", obj_id=team.pk, label=team.name, team_id=team.pk)
        publish(TeamCreated(team_id=team.pk))
        if actor.user_id is not None:
            join(team, User.objects.get(pk=actor.user_id), TeamRole.MANAGER)
    return team


def update_team(*, actor: Actor, team_id: int, name: str, description: str, visibility: str) -> Team:
    """Change name, description and visibility. Managers and admins; audited."""
    with transaction.atomic():
        team = _managed(actor, team_id, "change team")
        name = one_line(name, 120)
        if not name:
            raise field_error("name", "A team needs a name.")
        if visibility not in TeamVisibility.values:
            raise field_error("visibility", "Choose organisation or members.")
        before = {"name": team.name, "visibility": team.visibility}
        hidden = visibility == TeamVisibility.MEMBERS and team.visibility != visibility
        team.name, team.description, team.visibility = name, clean(description), visibility
        team.save(update_fields=["name", "description", "visibility"])
        after = {"name": team.name, "visibility": team.visibility}
        record(
            actor=actor,
            verb="changed",
            obj_type="team",
            obj_id=team.pk,
            label=team.name,
            team_id=team.pk,
            data={"before": before, "after": after},
        )
        if hidden:
            outside = User.objects.active().exclude(memberships__team=team)
            for user_id in outside.values_list("pk", flat=True):
                revoke(user_id=user_id)
    return team


def set_member(*, actor: Actor, team_id: int, user_id: int, role: str) -> Membership:
    """Add the person to the team, or change the role. Managers and admins; audited."""
    if role not in TeamRole.values:
        raise field_error("role", "Choose manager, responder or observer.")
    with transaction.atomic():
        team = _managed(actor, team_id, "set member")
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if user is None:
            raise field_error("user", "There is no active person with this id.")
        held = Membership.objects.filter(team=team, user=user).first()
        if held and held.role == TeamRole.MANAGER and role != TeamRole.MANAGER:
            _keep_one_manager(team, user_id)
        membership = join(team, user, role)
        record(
            actor=actor,
            verb="member set",
            obj_type="team",
            obj_id=team.pk,
            label=team.name,
            team_id=team.pk,
            data={"user": user.pk, "name": user.name, "role": role},
        )
    return membership


def remove_member(*, actor: Actor, team_id: int, user_id: int) -> None:
    """Take the person out of the team, or leave it oneself; refused for the last manager. Audited."""
    with transaction.atomic():
        team = _managed(actor, team_id, "remove member", person_id=user_id)
        membership = (
            Membership.objects.filter(team=team, user_id=user_id).select_related("user", "team").first()
        )
        if membership is None:
            raise NotVisible
        if membership.role == TeamRole.MANAGER:
            _keep_one_manager(team, user_id)
        leave(membership)
        record(
            actor=actor,
            verb="member removed",
            obj_type="team",
            obj_id=team.pk,
            label=team.name,
            team_id=team.pk,
            data={"user": user_id, "name": membership.user.name},
        )


def join(team: Team, user: User, role: str, *, from_groups: bool = False) -> Membership:
    """Write membership and group together, and make open sockets ask again. In the caller's transaction."""
    membership, _created = Membership.objects.update_or_create(
        team=team, user=user, defaults={"role": role, "from_groups": from_groups}
    )
    user.groups.add(team.group_id)
    publish(MembershipChanged(team_id=team.pk, user_id=user.pk, role=role))
    revoke(user_id=user.pk)
    return membership


def leave(membership: Membership) -> None:
    """Remove membership and group together. In the caller's transaction."""
    team, user = membership.team, membership.user
    user.groups.remove(team.group_id)
    membership.delete()
    publish(MembershipChanged(team_id=team.pk, user_id=user.pk, role=""))
    revoke(user_id=user.pk)


def last_manager(team_id: int, leaving_id: int) -> bool:
    """Whether no active manager would remain without this person."""
    others = Membership.objects.filter(team_id=team_id, role=TeamRole.MANAGER, user__is_active=True)
    return not others.exclude(user_id=leaving_id).exists()


def _managed(actor: Actor, team_id: int, verb: str, *, person_id: int | None = None) -> Team:
    team = Team.objects.visible_to(actor).select_for_update(no_key=True).filter(pk=team_id).first()
    if team is None:
        raise NotVisible
    require(actor, verb, team_id=team.pk, person_id=person_id)
    return team


def _check_slug(slug: str) -> None:
    if not slug or len(slug) > 60 or slugify(slug) != slug:
        raise field_error("slug", "Lower-case letters, digits and hyphens only, at most 60.")
    if slug.isdigit() or slug in RESERVED_SLUGS:
        raise field_error("slug", "Choose another address: this one has a meaning already.")


def _keep_one_manager(team: Team, leaving_id: int) -> None:
    if last_manager(team.pk, leaving_id):
        raise Conflict(
            "A team keeps at least one manager. Make somebody else manager first.", code="last_manager"
        )
