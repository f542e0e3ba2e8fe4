"""Demo data of on-call: what people ask of each other, who is away, and what the rotas have been through."""

from __future__ import annotations

import datetime as dt

from incidents.models import Incident
from oncall.actions.handoff import add_shadow, write_note
from oncall.actions.leave import add_leave
from oncall.actions.requests import ask
from oncall.actions.rotations import add_rotation
from oncall.actions.schedules import create_schedule, update_schedule
from oncall.choices import RunStatus
from oncall.loading import users_at
from oncall.models import EscalationRun, RunPage
from oncall.shift_times import Served, served
from teams.actor import actor_for
from web.demo.loader import Loaded, extra

_BUSINESS = [{"from": "09:00", "to": "17:00", "days": ["mo", "tu", "we", "th", "fr"]}]
_EMPTY = [
    {"from": "17:00", "to": "09:00", "days": ["mo", "tu", "we", "th"]},
    {"from": "17:00", "to": "00:00", "days": ["fr"]},
    {"from": "00:00", "to": "00:00", "days": ["sa", "su"]},
    {"from": "00:00", "to": "09:00", "days": ["mo"]},
]


@extra
def daytime_rota(made: Loaded, now: dt.datetime) -> None:
    """A rota that is empty at night and on public holidays, as planned."""
    desk = create_schedule(
        actor=made.actor,
        team_id=made.teams["catalogue"].pk,
        name="Catalogue desk hours",
        timezone="Europe/Berlin",
        holiday_region="DE-BE",
        unstaffed_hours=_EMPTY,
    )
    values = {
        "name": "Desk",
        "starts_at": (now - dt.timedelta(days=200)).strftime("%Y-%m-%dT09:00"),
        "unit": "day",
        "count": 1,
        "members": [[made.people["omar.haddad"].pk], [made.people["ines.costa"].pk]],
        "restrictions": _BUSINESS,
        "on_holidays": "skip",
    }
    add_rotation(actor=made.actor, schedule_id=desk.pk, values=values)
    update_schedule(actor=made.actor, schedule_id=made.schedules["payments"].pk, holiday_region="DE", now=now)


@extra
def people_and_shifts(made: Loaded, now: dt.datetime) -> None:
    """An open request for cover, a swap on offer, leave that meets a shift, a note and somebody learning."""
    payments, platform = made.schedules["payments"], made.schedules["platform"]
    coming = [row for row in served([payments], now, now + dt.timedelta(days=60)) if row.start > now]
    people = {user.pk: user for user in made.people.values()}
    first, second = coming[0], coming[1]
    evening = first.start + dt.timedelta(days=2, hours=9)
    ask(
        actor=actor_for(people[first.user_id]),
        schedule_id=payments.pk,
        user_id=first.user_id,
        window=(evening, evening + dt.timedelta(hours=6)),
        note="School concert, back by midnight.",
        now=now,
    )
    add_leave(
        actor=actor_for(people[second.user_id]),
        user_id=second.user_id,
        starts_at=second.start + dt.timedelta(days=1),
        ends_at=second.start + dt.timedelta(days=3),
        note="Long weekend",
        now=now,
    )
    _swap(made, served([platform], now, now + dt.timedelta(days=60)), now)
    running = next(row for row in served([payments], now, now + dt.timedelta(minutes=1)))
    write_note(
        actor=actor_for(people[running.user_id]),
        schedule_id=payments.pk,
        text="The card processor throttles us after 14:00. Runbook is linked on Payment gateway.",
        load=4,
        now=now,
    )
    add_shadow(
        actor=actor_for(made.people["priya.nair"]),
        schedule_id=payments.pk,
        user_id=made.people["bo.tran"].pk,
        starts_at=now + dt.timedelta(days=1),
        ends_at=now + dt.timedelta(days=8),
        now=now,
    )


def _swap(made: Loaded, shifts: list[Served], now: dt.datetime) -> None:
    """One who is on call later offers a swap to whoever serves after them."""
    coming = [row for row in shifts if row.start > now + dt.timedelta(days=3)]
    mine = coming[0]
    theirs = next(row for row in coming if row.user_id != mine.user_id and row.start >= mine.end)
    people = {user.pk: user for user in made.people.values()}
    ask(
        actor=actor_for(people[mine.user_id]),
        schedule_id=made.schedules["platform"].pk,
        user_id=mine.user_id,
        window=(mine.start, mine.end),
        offered_to_id=theirs.user_id,
        back=(theirs.start, theirs.end),
        note="I would rather have the week after.",
        now=now,
    )


@extra
def pages_of_the_past(made: Loaded, now: dt.datetime) -> None:
    """Who was paged by the incidents of the last twelve weeks: whoever was on call then."""
    since = now - dt.timedelta(weeks=12)
    past = Incident.objects.filter(declared_at__gt=since, declared_at__lt=now, team__isnull=False)
    for incident in past.select_related("team").order_by("number"):
        assert incident.team is not None
        assert incident.declared_at is not None
        schedule, policy = made.schedules[incident.team.slug], made.policies[incident.team.slug]
        began = incident.declared_at
        service = incident.services.order_by("incident_rows__position").first()
        run = EscalationRun.objects.create(
            subject_key=incident.subject_key,
            title=f"#{incident.number} {incident.title}",
            url_path=incident.get_absolute_url(),
            urgency=incident.urgency,
            severity=incident.severity_id,
            team_id=incident.team_id,
            policy=policy,
            snapshot={"version": 2, "name": policy.name, "repeat": 0, "steps": []},
            lane=f"service:{service.pk}" if service else "",
            status=RunStatus.ACKNOWLEDGED,
            started_at=began,
            ended_at=incident.acknowledged_at or began,
            reached=True,
        )
        for user_id in users_at([schedule], began)[schedule.pk]:
            RunPage.objects.create(
                run=run,
                round=0,
                step=0,
                user_id=user_id,
                schedule=schedule,
                at=began + dt.timedelta(seconds=12),
            )
