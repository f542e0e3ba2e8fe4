"""Many connections at once: numbers without gaps, sequences without holes, one holder of a role."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import transaction

from incidents import actions
from incidents.models import Incident, RoleAssignment, TimelineEntry
from oncall.models import EscalationRun
from tests.incidents.support import at_once, declare
from tests.world import make_world

pytestmark = [
    pytest.mark.concurrent,
    pytest.mark.django_db(transaction=True),
]


class GaveUpError(Exception):
    pass


def test_numbers_have_no_gaps_even_where_some_roll_back() -> None:
    world = make_world()

    def one(position: int) -> int:
        with transaction.atomic():
            number = declare(world, title=f"Problem {position}").number
            if position % 3 == 0:
                raise GaveUpError
        return number

    results = at_once([lambda position=position: one(position) for position in range(24)])
    made = [result for result in results if isinstance(result, int)]
    assert [type(r) for r in results if not isinstance(r, int)] == [GaveUpError] * 8
    assert sorted(made) == list(range(1, 17))
    assert sorted(Incident.objects.values_list("number", flat=True)) == list(range(1, 17))


def test_fifty_notes_at_once_leave_no_hole() -> None:
    world = make_world()
    number = declare(world).number
    bo = world.actor("bo")
    results = at_once(
        [lambda i=i: actions.add_note(actor=bo, number=number, text=f"Note {i}").seq for i in range(50)]
    )
    assert sorted(results) == list(range(2, 52))
    rows = TimelineEntry.objects.filter(incident__number=number).order_by("seq")
    assert list(rows.values_list("seq", flat=True)) == list(range(1, 52))
    assert Incident.objects.get(number=number).last_seq == 51
    assert {row.text for row in rows[1:]} == {f"Note {i}" for i in range(50)}


def test_two_take_command_and_one_holds_it() -> None:
    world = make_world()
    number = declare(world).number
    people = [world.ada, world.bo] * 3

    def take(user: Any) -> Any:
        return actions.assign_role(
            actor=world.actor("ada"), number=number, role="commander", user_id=user.pk
        ).commander_id

    results = at_once([lambda user=user: take(user) for user in people])
    assert [r for r in results if isinstance(r, Exception)] == []
    held = RoleAssignment.objects.filter(incident__number=number, role="commander", ended_at=None)
    assert [row.user_id for row in held] == [Incident.objects.get(number=number).commander_id]


def test_resolve_races_reopen_and_the_record_tells_one_story() -> None:
    """Whoever comes first: each change follows from the state before it, and times fit the state at the end."""
    world = make_world()
    number = declare(world).number
    ada = world.actor("ada")
    actions.resolve(actor=ada, number=number, override_reason="Over")
    jobs = [
        lambda: actions.reopen(actor=ada, number=number),
        lambda: actions.resolve(actor=ada, number=number, override_reason="Over"),
    ]
    found = [row for row in at_once(jobs * 10) if isinstance(row, Exception)]
    assert found == []
    incident = Incident.objects.get(number=number)
    states = incident.timeline.filter(kind="state").order_by("seq").values_list("data__old", "data__new")
    for (_old, new), (next_old, next_new) in itertools.pairwise(states):
        assert (new, next_old != next_new) == (next_old, True)
    assert incident.status == list(states)[-1][1]
    assert (incident.resolved_at is not None) == (incident.status == "resolved")


def test_acknowledged_by_two_once() -> None:
    world = make_world()
    number = declare(world, page=True).number
    actors = [world.actor("ada"), world.actor("bo")] * 4
    results = at_once([lambda a=a: actions.acknowledge(actor=a, number=number).changed for a in actors])
    assert sorted(results) == [False] * 7 + [True]
    kinds = list(TimelineEntry.objects.filter(kind="acknowledged").values_list("incident__number", flat=True))
    assert kinds == [number]
    assert set(EscalationRun.objects.values_list("status", flat=True)) == {"acknowledged"}


def test_merging_each_into_the_other_ends_with_one_survivor() -> None:
    world = make_world()
    first, second = declare(world), declare(world)
    ada = world.actor("ada")
    results = at_once(
        [
            lambda: actions.merge(actor=ada, number=first.number, into=second.number),
            lambda: actions.merge(actor=ada, number=second.number, into=first.number),
        ]
    )
    assert sum(isinstance(result, Incident) for result in results) == 1
    assert sorted(Incident.objects.values_list("status", flat=True)) == ["investigating", "merged"]
