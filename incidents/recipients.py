"""Who receives what about an incident: reads, a constant number of statements each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from incidents.choices import IncidentKind, Role, UpdateAudience, Visibility
from incidents.models import (
    Follow,
    Incident,
    IncidentGroupPermission,
    IncidentUpdate,
    IncidentUserPermission,
    RoleAssignment,
    Stakeholder,
)
from notifications.actions.announcements import CHANNELS
from notifications.choices import Channel
from teams.choices import TeamVisibility
from teams.models import Membership, User


@dataclass(frozen=True)
class Recipient:
    """Somebody who will be told. A person, or a mail address outside; `why` is the line under the message."""

    name: str
    channel: str
    why: str
    user: User | None = None
    address: str = ""

    @property
    def key(self) -> str:
        """Ends the key of the delivery; the same for the same somebody."""
        return f"u{self.user.pk}" if self.user else f"a{self.address}"

    @property
    def channel_label(self) -> str:
        return str(Channel(self.channel).label)

    @property
    def hint(self) -> str:
        """The name; of an address without one, enough to know it by."""
        if self.name:
            return self.name
        start, at, host = self.address.partition("@")
        return f"{start[:1]}…{at}{host}"


def recipients(incident: Incident, audience: str) -> list[Recipient]:
    """Who gets an internal or executive update, by name; nobody for other audiences.

    People of the stakeholder lists that fit the incident's team, services and rank; for internal updates also
    whoever follows the incident, one of its services or its team; for executive ones its executive contacts.
    Each person once, active ones alone, and only those who may see the incident; addresses outside only where
    the incident is no secret. A drill reaches nobody but those who follow it or have a part in it.
    """
    if audience not in (UpdateAudience.INTERNAL, UpdateAudience.EXECUTIVE):
        return []
    found: dict[str, Recipient] = {}
    service_ids = [row.service_id for row in incident.service_rows.all()]
    candidates = [
        *_stakeholders(incident, audience, service_ids),
        *(_executives(incident) if audience == UpdateAudience.EXECUTIVE else ()),
        *(_followers(incident, service_ids) if audience == UpdateAudience.INTERNAL else ()),
    ]
    seeing = seers(incident, {one.user.pk for one in candidates if one.user})
    mails = {one.user.email.lower() for one in candidates if one.user and one.user.pk in seeing}
    for one in candidates:
        if one.user is not None and one.user.pk not in seeing:
            continue
        if one.user is None and one.address.lower() in mails:
            continue
        found.setdefault(one.key.lower(), one)
    return sorted(found.values(), key=lambda one: (one.hint.lower(), one.key))


def seers(incident: Incident, user_ids: Collection[int]) -> set[int]:
    """Those of these people who are active and may see the incident: the rule of `Incident.visible_to`, for many
    people at once. At most four statements."""
    users = User.objects.filter(pk__in=user_ids, is_active=True)
    active = dict(users.values_list("pk", "is_superuser"))
    team = incident.team
    whole_house = team is None or team.visibility == TeamVisibility.ORGANISATION
    if incident.visibility == Visibility.OPEN and whole_house:
        return set(active)
    invited = set(
        IncidentUserPermission.objects.filter(content_object=incident).values_list("user_id", flat=True)
    )
    groups = list(
        IncidentGroupPermission.objects.filter(content_object=incident).values_list("group_id", flat=True)
    )
    teams = Q(team__group_id__in=groups)
    if incident.visibility == Visibility.OPEN:
        teams |= Q(team_id=incident.team_id)
    members = Membership.objects.filter(teams, user_id__in=active)
    invited |= set(members.values_list("user_id", flat=True))
    if incident.commander_id is not None:
        invited.add(incident.commander_id)
    return {pk for pk, admin in active.items() if admin or pk in invited}


def in_charge(incident: Incident) -> list[User]:
    """Whom to ask about words: the communications lead and the commander, else whoever acknowledged, else the
    author of the last update. Active people who may see the incident, the first the nearest."""
    held = RoleAssignment.objects.filter(
        incident=incident, role=Role.COMMUNICATIONS, ended_at__isnull=True
    ).values_list("user_id", flat=True)
    ladder = [[*held, incident.commander_id], [incident.acknowledged_by_id]]
    last = IncidentUpdate.objects.filter(incident=incident, author__isnull=False, sent_at__isnull=False)
    ladder.append(list(last.values_list("author_id", flat=True)[:1]))
    people = User.objects.in_bulk([pk for step in ladder for pk in step if pk is not None])
    seeing = seers(incident, people.keys())
    for step in ladder:
        known = [people[pk] for pk in dict.fromkeys(step) if pk is not None and pk in seeing]
        if known:
            return known
    return []


def _stakeholders(incident: Incident, audience: str, service_ids: list[int]) -> Iterable[Recipient]:
    if incident.kind == IncidentKind.DRILL:
        return
    rank = Q(list__to_rank__isnull=True)
    if incident.severity_id is not None:
        rank |= Q(list__to_rank__gte=incident.severity_id)
    rows = Stakeholder.objects.filter(
        rank,
        Q(list__team__isnull=True) | Q(list__team_id=incident.team_id),
        Q(list__service__isnull=True) | Q(list__service_id__in=service_ids),
        **{f"list__{audience}": True},
    )
    for row in rows.select_related("list", "user").order_by("list_id", "pk"):
        if row.user is None and not _may_leave(incident, row.list.team_id):
            continue
        yield Recipient(
            name=row.user.name if row.user else row.name,
            channel=row.channel if row.channel in CHANNELS else Channel.EMAIL,
            why=_("You get this because you are on the list “%(list)s”.") % {"list": row.list.name},
            user=row.user,
            address=row.address,
        )


def _may_leave(incident: Incident, list_team_id: int | None) -> bool:
    """Whether words about it may go to an address outside that a list of this team names."""
    if incident.visibility != Visibility.OPEN:
        return False
    team = incident.team
    return team is None or team.visibility == TeamVisibility.ORGANISATION or list_team_id == team.pk


def _followers(incident: Incident, service_ids: list[int]) -> Iterable[Recipient]:
    wanted = Q(incident=incident)
    if incident.kind != IncidentKind.DRILL:
        wanted |= Q(service_id__in=service_ids)
        if incident.team_id is not None:
            wanted |= Q(team_id=incident.team_id)
    for row in Follow.objects.filter(wanted).select_related("user", "service", "team").order_by("pk"):
        what = row.service.name if row.service else row.team.name if row.team else _("this incident")
        why = _("You get this because you follow %(what)s.") % {"what": what}
        yield Recipient(name=row.user.name, channel=Channel.EMAIL, why=why, user=row.user)


def _executives(incident: Incident) -> Iterable[Recipient]:
    rows = RoleAssignment.objects.filter(incident=incident, role=Role.EXECUTIVE, ended_at__isnull=True)
    why = _("You get this because you are the executive contact of this incident.")
    for row in rows.select_related("user").order_by("pk"):
        yield Recipient(name=row.user.name, channel=Channel.EMAIL, why=why, user=row.user)
