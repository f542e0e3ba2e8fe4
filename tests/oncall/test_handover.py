"""What a leaving person held goes to somebody else, from now on."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from core.errors import InvalidInput
from oncall.actions.overrides import add_override
from oncall.models import Override, PolicyTarget, Rotation
from teams.actions.deactivation import deactivate_user
from teams.hooks import HandoverItem, held_by
from tests.factories import People
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import make_policy

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def test_shifts_and_steps_are_handed_over(people: People) -> None:
    tom, olga = people.teammate, people.owner
    schedule = make_schedule(people.team)
    rotation = make_rotation(schedule, [[tom.pk], [olga.pk], None, [olga.pk, tom.pk]], unit="day")
    future = make_rotation(schedule, [[tom.pk]], starts_at="2027-01-01T00:00", layer=2)
    policy = make_policy(people.team, (5, [tom]), (5, [tom, olga]))
    owner = people.actor("owner")
    with time_machine.travel(START, tick=False):

        def override(start: int, end: int, **who: object) -> Override:
            return add_override(
                actor=owner,
                schedule_id=schedule.pk,
                starts_at=START + start * HOUR,
                ends_at=START + end * HOUR,
                **who,
            )

        override(-5, -1, user_id=tom.pk)
        override(-1, 2, user_id=tom.pk)
        later = override(30, 40, user_id=tom.pk)
        instead = override(50, 60, kind="replace", user_id=people.support.pk, replaces_id=tom.pk)
        override(70, 80, kind="replace", user_id=tom.pk, replaces_id=olga.pk)
        override(80, 90, kind="remove", replaces_id=tom.pk)
        assert held_by(tom.pk) == {
            "shifts": [HandoverItem("shifts", "Turns in Primary", 6)],
            "escalations": [HandoverItem("escalations", f"Steps of the policy {policy.name}", 2)],
        }
        admin = people.actor("admin")
        with pytest.raises(InvalidInput) as refused:
            deactivate_user(actor=admin, user_id=tom.pk, successors={"shifts": olga.pk}, now=START)
        assert list(refused.value.fields) == ["escalations"]
        deactivate_user(
            actor=admin, user_id=tom.pk, successors={"shifts": olga.pk, "escalations": olga.pk}, now=START
        )
        assert held_by(tom.pk) == {}
    living = {row.public_id: row.members for row in Rotation.objects.living()}
    assert living == {rotation.pk: [[olga.pk], [olga.pk], None, [olga.pk]], future.pk: [[olga.pk]]}
    assert Rotation.objects.get(pk=rotation.pk).members == [[tom.pk], [olga.pk], None, [olga.pk, tom.pk]]
    targets = PolicyTarget.objects.order_by("step__position", "pk").values_list(
        "step__position", "user__name"
    )
    assert list(targets) == [(0, "Olga Owner"), (1, "Olga Owner")]
    rows = Override.objects.order_by("starts_at").values_list(
        "starts_at", "ends_at", "user__name", "replaces__name"
    )
    assert [((start - START) / HOUR, (end - START) / HOUR, user, off) for start, end, user, off in rows] == [
        (-5, -1, "Tom Teammate", None),
        (-1, 0, "Tom Teammate", None),
        (0, 2, "Olga Owner", None),
        (30, 40, "Olga Owner", None),
        (50, 60, "Sue Support", "Olga Owner"),
    ]
    assert {later.pk, instead.pk} <= set(Override.objects.values_list("pk", flat=True))


def test_a_rotation_with_somebody_who_left_can_still_be_edited(people: People) -> None:
    schedule = make_schedule(people.team)
    rotation = make_rotation(schedule, [[people.owner.pk], [people.teammate.pk]])
    people.teammate.is_active = False
    people.teammate.save()
    api, item = people.api("owner"), f"/api/v1/schedules/{schedule.pk}/rotations/{rotation.pk}/"
    with time_machine.travel(START, tick=False):
        assert api.patch(item, {"name": "New"}).status_code == 200
        refused = make_rotation(schedule, [[people.owner.pk]])
        answer = api.patch(
            f"/api/v1/schedules/{schedule.pk}/rotations/{refused.pk}/", {"members": [[people.teammate.pk]]}
        )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["members"])
