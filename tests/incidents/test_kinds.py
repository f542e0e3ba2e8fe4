"""Drills, holds, relations and what an incident is declared with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
import time_machine

from core import clock
from core.errors import Conflict, InvalidInput, NotVisible
from incidents import actions
from incidents.models import Incident, IncidentRelation
from incidents.selectors import relatives
from incidents.sentences import sentence
from notifications.models import Delivery
from oncall.models import EscalationRun
from tests.factories import api_client, signed_in
from tests.incidents.support import START, at_once, declare, put
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def test_a_drill_pages_those_invited_and_nobody_else(drain: Callable[[], None]) -> None:
    world = make_world()
    bo = world.actor("bo")
    quiet = actions.declare_incident(actor=bo, title="Practice", service_ids=[world.service.pk], kind="drill")
    assert not EscalationRun.objects.exists()
    drill = actions.declare_incident(
        actor=bo, title="Practice", service_ids=[world.service.pk], kind="drill", invited=[world.zoe.pk]
    )
    drain()
    assert {row.user for row in Delivery.objects.filter(category="page")} == {world.zoe}
    assert Incident.objects.allowing(world.actor("zoe"), "acknowledge").get() == drill
    assert (quiet.page_status, drill.page_status) == ("none", "paging")
    with pytest.raises(InvalidInput) as refused:
        actions.declare_incident(actor=bo, title="Practice", kind="drill", invited=[99999])
    assert list(refused.value.fields) == ["invited"]


def test_a_drill_that_turns_real_opens_one_linked_real_incident(drain: Callable[[], None]) -> None:
    world = make_world()
    bo = world.actor("bo")
    drill = declare(world, kind="drill", severity=2, title="Practice")
    real = actions.declare_from_drill(actor=bo, number=drill.number)
    again = actions.declare_from_drill(actor=bo, number=drill.number)
    drain()
    assert (again.pk, real.kind, real.severity_id, real.title) == (real.pk, "real", 2, "Practice")
    assert list(real.services.all()) == [world.service]
    drill.refresh_from_db()
    assert drill.kind == "drill"
    assert Delivery.objects.filter(category="page", user=world.ada).exists()
    assert [(row.what, row.incident) for row in relatives(bo, real)] == [("drill", drill)]
    assert [(row.what, row.incident) for row in relatives(bo, drill)] == [("real", real)]
    with pytest.raises(Conflict):
        actions.declare_from_drill(actor=bo, number=real.number)


def test_source_and_ticket_are_kept_whoever_reports(drain: Callable[[], None]) -> None:
    world = make_world()
    for who in ("sam", "zoe", "bo"):
        incident = actions.declare_incident(
            actor=world.actor(who),
            title="Customers cannot pay",
            service_ids=[world.service.pk],
            source="Service desk",
            ticket="SD-4711",
            link="https://desk.example.com/SD-4711",
        )
        drain()
        incident.refresh_from_db()
        assert (incident.status, incident.page_status) == ("investigating", "paging")
        assert (incident.source, incident.ticket) == ("Service desk", "SD-4711")
        assert incident.timeline.get(kind="declared").data["ticket"] == "SD-4711"


def test_a_restricted_type_restricts_from_the_start() -> None:
    world = make_world()
    incident = declare(world, type_key="security")
    assert incident.visibility == "restricted"
    assert not Incident.objects.visible_to(world.actor("bo")).filter(pk=incident.pk).exists()
    assert Incident.objects.visible_to(world.actor("ada")).filter(pk=incident.pk).exists()
    later = declare(world, who="bo")
    actions.set_type(actor=world.actor("bo"), number=later.number, type_key="security")
    assert not Incident.objects.visible_to(world.actor("ada")).filter(pk=later.pk).exists()
    assert Incident.objects.visible_to(world.actor("bo")).filter(pk=later.pk).exists()
    with pytest.raises(InvalidInput):
        declare(world, type_key="weather")


def test_on_hold_until_the_time_has_come() -> None:
    from incidents.tasks import run_timers

    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as time:
        incident = declare(world)
        number = incident.number
        until = START + dt.timedelta(hours=2)
        actions.hold(actor=bo, number=number, until=until, reason="Vendor ships a part")
        actions.hold(actor=bo, number=number, until=until, reason="Vendor ships a part")
        for wrong in (
            {"until": START, "reason": "x"},
            {"until": START + dt.timedelta(days=400), "reason": "x"},
            {"until": until, "reason": " "},
        ):
            with pytest.raises(InvalidInput):
                actions.hold(actor=bo, number=number, **wrong)  # type: ignore[arg-type]  # wrong on purpose
        time.shift(dt.timedelta(minutes=119))
        run_timers()
        incident.refresh_from_db()
        assert (incident.on_hold_until, incident.status) == (until, "investigating")
        time.shift(dt.timedelta(minutes=1))
        run_timers()
        run_timers()
        incident.refresh_from_db()
        assert (incident.on_hold_until, incident.on_hold_reason) == (None, "")
    said = incident.timeline.filter(kind="hold").order_by("seq")
    assert [entry.data["until"] for entry in said] == [until.isoformat(), None]


def test_the_end_of_a_hold_is_told_in_utc_wherever_it_was_entered() -> None:
    world = make_world()
    incident = declare(world)
    until = (START + dt.timedelta(hours=2)).astimezone(ZoneInfo("Europe/Berlin"))
    with time_machine.travel(START, tick=False):
        actions.hold(actor=world.actor("bo"), number=incident.number, until=until, reason="Vendor")
    entry = incident.timeline.get(kind="hold")
    assert sentence(entry) == f"On hold until {START + dt.timedelta(hours=2):%Y-%m-%d %H:%M} UTC"


def test_resolving_ends_the_wait() -> None:
    world = make_world()
    number, until = declare(world).number, clock.now() + dt.timedelta(days=3)
    actions.hold(actor=world.actor("bo"), number=number, until=until, reason="Vendor")
    done = actions.resolve(actor=world.actor("ada"), number=number, override_reason="Done")
    assert (done.on_hold_until, done.on_hold_reason) == (None, "")
    with pytest.raises(Conflict):
        actions.hold(actor=world.actor("bo"), number=number, until=until, reason="x")


def four(world: World) -> list[int]:
    return [declare(world, title=f"Incident {n}").number for n in range(4)]


def test_parents_and_children_without_circles() -> None:
    world = make_world()
    bo, (a, b, c, _d) = world.actor("bo"), four(world)
    actions.set_parent(actor=bo, number=b, parent=a)
    actions.set_parent(actor=bo, number=c, parent=b)
    actions.set_parent(actor=bo, number=c, parent=b)
    for number, parent in ((a, c), (a, b), (a, a)):
        with pytest.raises(InvalidInput) as refused:
            actions.set_parent(actor=bo, number=number, parent=parent)
        assert list(refused.value.fields) == ["parent"]
    middle = Incident.objects.get(number=b)
    assert [(row.what, row.incident.number) for row in relatives(bo, middle)] == [("parent", a), ("child", c)]
    actions.set_parent(actor=bo, number=c, parent=None)
    assert [(row.what, row.incident.number) for row in relatives(bo, middle)] == [("parent", a)]
    assert list(
        Incident.objects.get(number=a).timeline.filter(kind="linked").values_list("data__what", flat=True)
    ) == ["child"]


def test_relations_are_seen_from_both_sides_and_taken_back() -> None:
    world = make_world()
    bo, (a, b, c, _d) = world.actor("bo"), four(world)
    actions.relate(actor=bo, number=a, other=b)
    actions.relate(actor=bo, number=a, other=c, kind="duplicate")
    actions.relate(actor=bo, number=a, other=c, kind="duplicate")
    first, third = Incident.objects.get(number=a), Incident.objects.get(number=c)
    assert [(row.what, row.incident.number) for row in relatives(bo, first)] == [
        ("related", b),
        ("duplicate", c),
    ]
    assert [(row.what, row.incident.number) for row in relatives(bo, third)] == [("duplicated", a)]
    actions.unrelate(actor=bo, number=b, other=a)
    actions.unrelate(actor=bo, number=b, other=a)
    assert IncidentRelation.objects.count() == 1
    for kind in ("drill_of", "friend"):
        with pytest.raises(InvalidInput):
            actions.relate(actor=bo, number=a, other=b, kind=kind)


def test_both_must_be_ones_own_to_change_and_a_hidden_one_is_not_named() -> None:
    world = make_world()
    secret, seen = declare(world, title="Break-in").number, declare(world).number
    actions.set_visibility(actor=world.actor("ada"), number=secret, visibility="restricted")
    with pytest.raises(InvalidInput) as refused:
        actions.relate(actor=world.actor("bo"), number=seen, other=secret)
    assert refused.value.sentence == f"There is no incident #{secret}."
    with pytest.raises(NotVisible):
        actions.relate(actor=world.actor("bo"), number=secret, other=seen)
    actions.relate(actor=world.actor("ada"), number=seen, other=secret)
    entry = Incident.objects.get(number=seen).timeline.get(kind="linked")
    assert entry.data == {"what": "related", "other": secret, "title": ""}
    assert relatives(world.actor("bo"), Incident.objects.get(number=seen)) == []
    page = signed_in(world.bo).get(f"/incidents/{seen}/").content.decode()
    assert "Break-in" not in page


def test_several_are_merged_at_once_or_none() -> None:
    world = make_world()
    bo, (a, b, c, d) = world.actor("bo"), four(world)
    put(Incident.objects.get(number=d), "resolved")
    with pytest.raises(Conflict):
        actions.merge_several(actor=bo, into=a, numbers=[b, c, d])
    assert set(Incident.objects.values_list("status", flat=True)) == {"investigating", "resolved"}
    survivor = actions.merge_several(actor=bo, into=a, numbers=[b, c, b])
    assert survivor.number == a
    assert set(Incident.objects.filter(merged_into=survivor).values_list("number", flat=True)) == {b, c}
    api = api_client(world.bo)
    answer = api.post(f"/api/v1/incidents/{a}/merge-in/", {"incidents": [99999]}, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["incidents"])
    page = signed_in(world.bo).get(f"/incidents/{a}/").content.decode()
    assert "Incident 1" in page
    assert "Incident 2" in page
    actions.unmerge(actor=bo, number=b)
    assert Incident.objects.get(number=b).status == "investigating"


@pytest.mark.django_db(transaction=True)
def test_two_that_relate_to_each_other_at_once_do_not_wait_for_each_other() -> None:
    world = make_world()
    bo, (a, b, _c, _d) = world.actor("bo"), four(world)
    jobs = [
        lambda: actions.relate(actor=bo, number=a, other=b),
        lambda: actions.relate(actor=bo, number=b, other=a),
    ]
    found = at_once(jobs * 10)
    assert [row for row in found if isinstance(row, Exception)] == []
    assert IncidentRelation.objects.count() == 2


def test_what_is_open_already_is_offered_while_declaring() -> None:
    world = make_world()
    same = declare(world, title="Payments time out in Spain")
    secret = declare(world, title="Payments time out for one customer")
    actions.set_visibility(actor=world.actor("ada"), number=secret.number, visibility="restricted")
    over = declare(world, title="Payments time out")
    actions.resolve(actor=world.actor("ada"), number=over.number, override_reason="Over")
    browser, url = signed_in(world.bo), "/incidents/declare/similar/"
    page = browser.get(url, {"title": "Payments do time out again"}).content.decode()
    assert (f"#{same.number}" in page, f"#{secret.number}" in page, f"#{over.number}" in page) == (
        True,
        False,
        False,
    )
    assert f"#{same.number}" in browser.get(url, {"services": [world.service.pk]}).content.decode()
    assert browser.get(url, {"title": "Payments"}).content.decode().strip() == "", "one word is too little"
    assert browser.get(url, {"services": ["x", "9" * 30]}).status_code == 200


def test_merging_and_relating_offer_open_incidents_the_likeliest_first() -> None:
    world = make_world()
    first = declare(world, title="Search is slow")
    twin, other = (
        declare(world, title="Search answers late"),
        declare(world, title="Unrelated <b>"),
    )
    over = declare(world, title="Search was slow")
    actions.resolve(actor=world.actor("ada"), number=over.number, override_reason="Over")
    browser = signed_in(world.bo)
    for dialog in ("merge", "relate"):
        text = browser.get(f"/incidents/{first.number}/{dialog}/").content.decode()
        offered = text[text.index("<datalist") : text.index("</datalist>")]
        assert offered.index(f'value="{twin.number}"') < offered.index(f'value="{other.number}"')
        assert "Unrelated &lt;b&gt;" in offered
        assert f'value="{over.number}"' not in offered
        assert f'value="{first.number}"' not in offered
