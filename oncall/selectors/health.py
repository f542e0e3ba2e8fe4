"""Rotation health: what being on call has cost each person lately, what causes it, who should cover next."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.choices import Urgency
from oncall import hooks
from oncall.duty import duty
from oncall.escalation.reach import WORK_FROM, WORK_TO
from oncall.loading import load
from oncall.models import Leave, RunPage, Schedule
from oncall.rota import health
from teams.actor import Actor
from teams.models import Team, User
from teams.querysets import owned_visible

MOST_CAUSES = 10
_MOST_SUBJECTS = 100
# Somebody who is away within this time does not cover next.
_SOON = dt.timedelta(days=7)
# Below these a difference is chance.
_LEAST_PAGES, _LEAST_NIGHTS = 3, 2


@dataclass(frozen=True)
class PersonHealth:
    """One person over the window, in all chosen schedules together."""

    user: User
    served: health.Served
    pages: health.PageCount

    @property
    def hours(self) -> float:
        return _hours(self.served.total)

    @property
    def night_hours(self) -> float:
        return _hours(self.served.night)

    @property
    def weekend_hours(self) -> float:
        return _hours(self.served.weekend)

    @property
    def nights(self) -> int:
        """Nights in which a page of high urgency came."""
        return len(self.pages.nights)


@dataclass(frozen=True)
class Cause:
    """Pages of one service, or of none. `name` and `title` are "" where the reader may not see them.

    `title`: what its pages said most. `share`: of all interrupted nights, 0 to 1; a night that two causes broke
    counts for both.
    """

    lane: str
    name: str
    title: str
    pages: int
    nights: int
    share: float

    @property
    def label(self) -> str:
        if not self.lane:
            return _("No service")
        return self.name or _("A service not shown to you")


@dataclass(frozen=True)
class Hint:
    """`user` carries more than half as much again as the mean of the schedule's people. `kind`: nights or pages."""

    user: User
    kind: str
    value: int
    mean: float

    @property
    def sentence(self) -> str:
        values = {"name": self.user.name, "count": self.value, "mean": f"{round(self.mean, 1):g}"}
        if self.kind == "nights":
            text = ngettext(
                "%(name)s had %(count)d interrupted night; the mean here is %(mean)s."
                " A quieter turn would even it out.",
                "%(name)s had %(count)d interrupted nights; the mean here is %(mean)s."
                " A quieter turn would even it out.",
                self.value,
            )
        else:
            text = ngettext(
                "%(name)s got %(count)d page; the mean here is %(mean)s. Somebody else could take a shift.",
                "%(name)s got %(count)d pages; the mean here is %(mean)s. Somebody else could take a shift.",
                self.value,
            )
        return text % values


@dataclass(frozen=True)
class CoverNext:
    """Who of a schedule's rotations carries the least and is free: `user` is None when nobody is."""

    schedule: Schedule
    user: User | None
    reason: str
    hints: list[Hint]


@dataclass(frozen=True)
class Health:
    """[start, end) in weeks of seven days. `people` come with the most hours first."""

    start: dt.datetime
    end: dt.datetime
    weeks: int
    schedules: list[Schedule]
    people: list[PersonHealth]
    causes: list[Cause]
    trend: list[health.WeekCount]
    cover_next: list[CoverNext]
    nights: int


def rotation_health(actor: Actor, now: dt.datetime, *, weeks: int, team: Team | None = None) -> Health:
    """The `weeks` (at most 12) before `now` in the schedules the actor may see, or those of one visible team.

    Counts pages that reached somebody by one of these schedules, and by no schedule for one of these teams.
    A fixed number of statements.
    """
    start = now - weeks * health.WEEK
    rows = Schedule.objects.visible_to(actor).select_related("team").order_by("team__name", "name", "pk")
    schedules = list(rows if team is None else rows.filter(team=team))
    stretches: dict[int, dict[int, list[tuple[dt.datetime, dt.datetime]]]] = defaultdict(dict)
    for pk, item in load(schedules, start=start, end=now).items():
        for shift in item.shifts(start, now):
            for user_id in shift.users:
                stretches[user_id].setdefault(pk, []).append((shift.start, shift.end))
    members = {pk: set(row.everyone) for pk, row in duty(schedules, now).items()}
    reached = _pages(actor, schedules, team, start, now)
    paged = set(reached.order_by().values_list("user_id", flat=True).distinct())
    ids = paged.union(stretches, *members.values())
    users = {user.pk: user for user in User.objects.visible_to(actor).filter(pk__in=ids)}
    zones = {user.zone for user in users.values()}
    clocks = {zone: health.LocalTime(zone, (WORK_FROM, WORK_TO)) for zone in zones}
    own_clocks = {pk: clocks[user.zone] for pk, user in users.items()}
    tally = health.tally(_plain(reached), own_clocks, start, weeks)
    people: dict[int, PersonHealth] = {}
    for pk, user in users.items():
        served = own_clocks[pk].served(each for own in stretches[pk].values() for each in own)
        row = PersonHealth(user, served, tally.people[pk])
        if served.total or row.pages.total or user.is_active:
            people[pk] = row
    return Health(
        start=start,
        end=now,
        weeks=weeks,
        schedules=schedules,
        people=sorted(people.values(), key=lambda row: (-row.served.total, row.user.name, row.user.pk)),
        causes=_causes(actor, tally),
        trend=tally.weeks,
        cover_next=_cover_next(schedules, members, stretches, people, now),
        nights=tally.nights,
    )


def _pages(
    actor: Actor, schedules: Iterable[Schedule], team: Team | None, start: dt.datetime, end: dt.datetime
) -> QuerySet[RunPage]:
    direct = owned_visible(actor, "run__team") if team is None else Q(run__team=team)
    chosen = Q(schedule_id__in=[row.pk for row in schedules]) | (Q(schedule__isnull=True) & direct)
    rows = RunPage.objects.filter(chosen, at__gte=start, at__lt=end, reached=True, user__isnull=False)
    return rows.order_by("at", "pk")


def _plain(rows: QuerySet[RunPage]) -> Iterator[health.Page]:
    fields = ("at", "user_id", "run__urgency", "run__lane", "run__subject_key")
    for at, user_id, urgency, lane, subject in rows.values_list(*fields).iterator(chunk_size=2000):
        yield health.Page(at, user_id, urgency == Urgency.HIGH, lane, subject)


def _causes(actor: Actor, tally: health.Tally) -> list[Cause]:
    ranked = sorted(tally.causes.items(), key=lambda item: (-item[1].pages, -len(item[1].nights), item[0]))
    top = ranked[:MOST_CAUSES]
    subjects = {lane: dict(row.subjects.most_common(_MOST_SUBJECTS)) for lane, row in top}
    services = hooks.names("service", [lane for lane, _row in top], actor)
    titles = hooks.names("incident", {key for counted in subjects.values() for key in counted}, actor)
    found = []
    for lane, row in top:
        said: Counter[str] = Counter()
        for key, count in subjects[lane].items():
            if key in titles:
                said[titles[key]] += count
        title = min(said, key=lambda text: (-said[text], text), default="")
        share = len(row.nights) / tally.nights if tally.nights else 0.0
        found.append(Cause(lane, services.get(lane, ""), title, row.pages, len(row.nights), share))
    return found


def _cover_next(
    schedules: Iterable[Schedule],
    members: Mapping[int, set[int]],
    stretches: Mapping[int, Mapping[int, list[tuple[dt.datetime, dt.datetime]]]],
    people: Mapping[int, PersonHealth],
    now: dt.datetime,
) -> list[CoverNext]:
    """For each schedule, from who is in it and what they carry everywhere in the window."""
    away = set(
        Leave.objects.filter(user_id__in=people, starts_at__lt=now + _SOON, ends_at__gt=now).values_list(
            "user_id", flat=True
        )
    )
    serving = {
        pk
        for pk, own in stretches.items()
        if any(end >= now for each in own.values() for _start, end in each)
    }
    found = []
    for schedule in schedules:
        active = {pk: row for pk, row in people.items() if row.user.is_active}
        inside = {pk: row for pk, row in active.items() if pk in members[schedule.pk]}
        involved = {pk: row for pk, row in active.items() if pk in inside or schedule.pk in stretches[pk]}
        loads = {pk: (row.hours, float(row.nights), float(row.pages.total)) for pk, row in inside.items()}
        best = health.lightest(loads, inside.keys() - away - serving)
        row = people[best] if best is not None else None
        reason = _reason(row) if row else _("Nobody else in its rotations is free.")
        found.append(CoverNext(schedule, row.user if row else None, reason, _hints(involved)))
    return found


def _reason(row: PersonHealth) -> str:
    hours = _("%(hours)s hours on call") % {"hours": f"{row.hours:g}"}
    nights = ngettext("%(count)d interrupted night", "%(count)d interrupted nights", row.nights)
    pages = ngettext("%(count)d page", "%(count)d pages", row.pages.total)
    return _("%(hours)s, %(nights)s and %(pages)s: the lightest load of those who are free.") % {
        "hours": hours,
        "nights": nights % {"count": row.nights},
        "pages": pages % {"count": row.pages.total},
    }


def _hints(involved: Mapping[int, PersonHealth]) -> list[Hint]:
    nights = {pk: row.nights for pk, row in involved.items()}
    pages = {pk: row.pages.total for pk, row in involved.items()}
    kinds = (("nights", nights, _LEAST_NIGHTS), ("pages", pages, _LEAST_PAGES))
    return [
        Hint(involved[pk].user, kind, values[pk], mean)
        for kind, values, least in kinds
        for pk, mean in health.heavy(values, least).items()
    ]


def _hours(length: dt.timedelta) -> float:
    return round(length / dt.timedelta(hours=1), 1)
