"""Action items: owner and date, changes on record, snoozing, dropping with approval, access, the API."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from incidents.hooks import follow_ups
from notifications.models import Delivery
from postmortems import actions
from postmortems.models import ActionItem, ItemNote, Postmortem
from postmortems.selectors.items import drops_waiting_for, incomplete_items, items_for
from postmortems.selectors.waiting import waiting_count
from teams.models import AuditEntry, Team
from tests.factories import api_client, make_membership, make_team, make_user, signed_in
from tests.incidents.support import declare, put
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
DUE = dt.date(2026, 11, 25)
NOW = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
URL = "/api/v1/action-items/"


def made(world: World, **fields: Any) -> ActionItem:
    """An item of a resolved incident, owned by Bo."""
    if "incident_number" not in fields and "postmortem_id" not in fields:
        fields["incident_number"] = put(declare(world), "resolved").number
    values = {"title": "Alert on queue age", "owner_id": world.bo.pk, "due_on": DUE} | fields
    return actions.create_item(actor=world.actor("ada"), **values)


def draft(world: World) -> Postmortem:
    number = put(declare(world), "resolved").number
    return actions.start_postmortem(actor=world.actor("bo"), incident_number=number)


def test_owner_and_date_may_wait_only_while_the_postmortem_is_a_draft() -> None:
    world = make_world()
    document = draft(world)
    api = api_client(world.bo)
    body = {"title": "Look at the pool", "postmortem": document.pk}
    first = api.post(URL, body, format="json")
    assert (first.status_code, first.json()["owner"], first.json()["due_on"]) == (201, None, None)
    assert api.post(URL, body | {"owner": None, "due_on": None}, format="json").status_code == 201
    assert [row.pk for row in incomplete_items(document.pk)][:1] == [first.json()["id"]]
    assert follow_ups(document.incident_id).incomplete == 2
    refused = api.post(URL, {"title": "x", "incident": document.incident.number}, format="json")
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"owner", "due_on"})
    Postmortem.objects.filter(pk=document.pk).update(status="in_review")
    assert set(api.post(URL, body, format="json").json()["errors"]) == {"owner", "due_on"}
    url = f"{URL}{first.json()['id']}/"
    assert set(api.patch(url, {"title": "y"}, format="json").json()["errors"]) == {"owner", "due_on"}
    fixed = api.patch(url, {"owner": world.bo.pk, "due_on": "2026-12-01"}, format="json")
    assert fixed.status_code == 200
    assert api.patch(url, {"owner": None}, format="json").status_code == 400
    assert len(incomplete_items(document.pk)) == 1


def test_every_change_is_on_record_and_nothing_new_writes_nothing() -> None:
    world = make_world()
    item = made(world)
    ada = world.actor("ada")
    actions.update_item(actor=ada, item_id=item.pk, due_on=dt.date(2026, 12, 1), owner_id=world.ada.pk)
    actions.update_item(actor=ada, item_id=item.pk, due_on=dt.date(2026, 12, 1))
    actions.complete_item(actor=ada, item_id=item.pk, proof="Queue age is alerted on")
    notes = list(item.notes.values_list("text", flat=True))
    assert notes == [
        "Created.",
        "Owner: Bo → Ada.\nDue: 25 November 2026 → 1 December 2026.",
        "State: Open → Done.\nProof of effect changed.",
    ]
    assert not item.notes.filter(by_hand=True).exists()
    rows = AuditEntry.objects.filter(object_type="action item", object_id=str(item.pk)).order_by("pk")
    assert [row.verb for row in rows] == ["created", "changed", "changed"]
    assert rows[1].data["owner"] == {"from": "Bo", "to": "Ada"}
    actions.update_item(actor=ada, item_id=item.pk, status="open")
    item.refresh_from_db()
    assert item.closed_at is None


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"title": "  "}, "title"),
        ({"item_class": "nothing"}, "class"),
        ({"priority": "top"}, "priority"),
        ({"owner_id": 10**9}, "owner"),
        ({"due_on": dt.date(9999, 12, 31)}, "due_on"),
        ({"due_on": dt.date(1, 1, 1)}, "due_on"),
        ({"proof_link": "javascript:alert(1)"}, "proof_link"),
        ({"target": "check:999999"}, "target"),
        ({"target": "nothing:1"}, "target"),
        ({"target": "check:²"}, "target"),
    ],
)
def test_bad_input_is_refused_by_name(fields: dict[str, Any], wrong: str) -> None:
    world = make_world()
    with pytest.raises(InvalidInput) as refused:
        made(world, **fields)
    assert list(refused.value.fields) == [wrong]


def test_the_backup_is_somebody_else_and_active() -> None:
    world = make_world()
    gone = make_user("Gone", is_active=False)
    for backup in (world.bo.pk, gone.pk):
        with pytest.raises(InvalidInput) as refused:
            made(world, backup_id=backup)
        assert list(refused.value.fields) == ["backup"]
    assert made(world, backup_id=world.zoe.pk).backup == world.zoe


def test_dropping_waits_for_a_manager() -> None:
    world = make_world()
    item = made(world)
    url = f"{URL}{item.pk}/"
    bo, ada = api_client(world.bo), api_client(world.ada)
    asked = bo.patch(url, {"status": "wont_do", "reason": "The queue goes away"}, format="json")
    assert (asked.status_code, asked.json()["status"]) == (200, "open")
    assert asked.json()["drop_asked_at"]
    # Asking again with the same words tells nobody again.
    bo.patch(url, {"status": "wont_do", "reason": "The queue goes away"}, format="json")
    mails = Delivery.objects.filter(title__startswith="Drop this")
    assert [row.user for row in mails] == [world.ada]
    assert drops_waiting_for(world.actor("ada")) == [item]
    assert drops_waiting_for(world.actor("root")) == [item]
    assert drops_waiting_for(world.actor("bo")) == []
    assert "Somebody asks to drop" in signed_in(world.ada).get("/").content.decode()
    assert waiting_count(world.actor("ada")) == 1
    assert bo.post(f"{url}approve-drop/").status_code == 403
    assert api_client(world.sam).post(f"{url}approve-drop/").status_code == 403
    refused = ada.post(f"{url}refuse-drop/", {"reason": "It stays a year"}, format="json")
    assert (refused.json()["status"], refused.json()["drop_asked_at"]) == ("open", None)
    assert ada.post(f"{url}approve-drop/").status_code == 409
    assert Delivery.objects.filter(title__startswith="Decided", user=world.bo).count() == 1
    bo.patch(url, {"status": "wont_do", "reason": "It is gone now"}, format="json")
    agreed = ada.post(f"{url}approve-drop/")
    assert (agreed.json()["status"], agreed.json()["drop_approved_by"]) == ("wont_do", world.ada.pk)
    item.refresh_from_db()
    assert (item.reason, item.drop_asked_at) == ("It is gone now", None)


def test_a_manager_who_asks_has_decided_and_a_token_without_manage_has_not() -> None:
    world = make_world()
    first, second = made(world), made(world)
    body = {"status": "wont_do", "reason": "Gone"}
    weak = api_client(world.ada, scopes=["read", "respond"])
    assert weak.patch(f"{URL}{first.pk}/", body, format="json").json()["status"] == "open"
    assert weak.post(f"{URL}{first.pk}/approve-drop/").status_code == 403
    strong = api_client(world.ada).patch(f"{URL}{second.pk}/", body, format="json")
    assert strong.json()["status"] == "wont_do"


def test_without_a_team_who_leads_the_postmortems_owner_decides() -> None:
    world = make_world()
    other = make_user("Other lead")
    team: Team = make_team("Other", manager=other)
    document = draft(world)
    item = made(world, postmortem_id=document.pk)
    ActionItem.objects.filter(pk=item.pk).update(team=None)
    Postmortem.objects.filter(pk=document.pk).update(owner=world.bo)
    actions.update_item(actor=world.actor("bo"), item_id=item.pk, status="wont_do", reason="No")
    assert drops_waiting_for(world.actor("ada")) == [item]
    from tests.factories import actor_of

    assert drops_waiting_for(actor_of(other)) == []
    make_membership(world.bo, team)
    assert drops_waiting_for(actor_of(other)) == [item]


def test_snoozing_needs_a_reason_and_a_day_within_thirty() -> None:
    world = make_world()
    item = made(world)
    bo, today = world.actor("bo"), NOW.date()
    for days in (-1, 0, 31):
        with pytest.raises(InvalidInput):
            actions.snooze_item(
                actor=bo, item_id=item.pk, until=today + dt.timedelta(days=days), reason="Later", now=NOW
            )
    with pytest.raises(InvalidInput):
        actions.snooze_item(actor=bo, item_id=item.pk, until=today + dt.timedelta(days=3), now=NOW)
    row = actions.snooze_item(
        actor=bo, item_id=item.pk, until=today + dt.timedelta(days=30), reason="Vendor", now=NOW
    )
    assert row.snoozed_until == dt.date(2026, 12, 20)
    assert actions.snooze_item(actor=bo, item_id=item.pk, until=None, now=NOW).snoozed_until is None
    actions.complete_item(actor=bo, item_id=item.pk)
    with pytest.raises(Conflict):
        actions.snooze_item(actor=bo, item_id=item.pk, until=dt.date(2026, 12, 1), reason="x", now=NOW)


def test_notes_are_by_hand_and_for_those_who_work_on_it() -> None:
    world = make_world()
    item = made(world)
    for name, code in (("ada", 201), ("bo", 201), ("sam", 201), ("root", 201), ("zoe", 403)):
        answer = api_client(getattr(world, name)).post(
            f"{URL}{item.pk}/notes/", {"text": "<b>Hm</b>"}, format="json"
        )
        assert answer.status_code == code, name
    assert ItemNote.objects.filter(item=item, by_hand=True).count() == 4
    listed = api_client(world.zoe).get(f"{URL}{item.pk}/notes/").json()["results"]
    assert len(listed) == 5
    assert "<b>Hm" not in signed_in(world.bo).get(item.get_absolute_url()).content.decode()
    with pytest.raises(InvalidInput):
        actions.add_item_note(actor=world.actor("bo"), item_id=item.pk, text=" ")


@pytest.mark.parametrize("visibility", ["organisation", "members"])
@pytest.mark.parametrize("who", ["ada", "bo", "sam", "zoe"])
def test_who_may_do_what_by_api(visibility: str, who: str) -> None:
    world = make_world(visibility)
    item = made(world)
    user = getattr(world, who)
    api, inside = api_client(user), who in ("ada", "bo")
    hidden = visibility == "members" and not inside
    expected = 404 if hidden else 200 if inside else 403
    assert api.get(f"{URL}{item.pk}/").status_code == (404 if hidden else 200)
    assert api.get(f"{URL}{item.pk}/notes/").status_code == (404 if hidden else 200)
    assert len(api.get(URL).json()["results"]) == (0 if hidden else 1)
    snooze = {"until": None}
    assert api.patch(f"{URL}{item.pk}/", {"title": "New"}, format="json").status_code == expected
    assert api.post(f"{URL}{item.pk}/snooze/", snooze, format="json").status_code == expected
    decide = 404 if hidden else 409 if who == "ada" else 403
    for verb in ("approve-drop", "refuse-drop"):
        assert api.post(f"{URL}{item.pk}/{verb}/").status_code == decide
    body = {"title": "x", "owner": user.pk, "due_on": "2026-12-01", "incident": item.incident.number}  # type: ignore[union-attr]
    assert api.post(URL, body, format="json").status_code == (400 if hidden else 201 if inside else 403)


def test_owner_and_backup_from_outside_see_and_change_their_item_alone() -> None:
    world = make_world("members")
    item, other = made(world, owner_id=world.zoe.pk, backup_id=world.sam.pk), made(world)
    for name in ("zoe", "sam"):
        actor = world.actor(name)
        assert list(ActionItem.objects.visible_to(actor)) == [item]
        actions.update_item(actor=actor, item_id=item.pk, detail=f"By {name}")
        with pytest.raises(NotVisible):
            actions.update_item(actor=actor, item_id=other.pk, detail="No")
    page = signed_in(world.zoe).get(item.get_absolute_url()).content.decode()
    assert "Checkout down" not in page


def test_reading_needs_no_more_than_reading_and_writing_does() -> None:
    world = make_world()
    item = made(world)
    reader = api_client(world.bo, scopes=["read"])
    assert reader.get(f"{URL}{item.pk}/").status_code == 200
    assert reader.patch(f"{URL}{item.pk}/", {"title": "x"}, format="json").status_code == 403
    other = make_team("Elsewhere")
    bound = api_client(world.root, team=other)
    assert bound.get(f"{URL}{item.pk}/").status_code == 404
    with pytest.raises(NotAllowed):
        actions.update_item(actor=world.actor("sam"), item_id=item.pk, title="x")


def test_filters_of_the_list(time_machine: Any) -> None:
    time_machine.move_to("2026-11-28 12:00Z", tick=False)
    world = make_world()
    late = made(world, item_class="monitor")
    coming = made(world, owner_id=world.ada.pk, due_on=dt.date(2026, 12, 20))
    closed = made(world)
    actions.complete_item(actor=world.actor("ada"), item_id=closed.pk)
    api = api_client(world.ada)

    def ids(query: str) -> set[int]:
        answer = api.get(f"{URL}?{query}")
        assert answer.status_code == 200, answer.content
        return {row["id"] for row in answer.json()["results"]}

    assert ids("") == {late.pk, coming.pk, closed.pk}
    assert ids("overdue=1") == {late.pk}
    assert ids("status=done") == {closed.pk}
    assert ids("status=open&status=done") == {late.pk, coming.pk, closed.pk}
    assert ids(f"owner={world.ada.pk}") == {coming.pk}
    assert ids("class=monitor") == {late.pk}
    assert ids("team=checkout") == {late.pk, coming.pk, closed.pk}
    assert ids("team=nothing") == set()
    assert ids(f"incident={late.incident.number}") == {late.pk}  # type: ignore[union-attr]
    assert ids("postmortem=12345") == set()
    for bad in ("status=nothing", "owner=x", "class=x", f"owner={10**30}", "incident=-1", "overdue=2"):
        assert api.get(f"{URL}?{bad}").status_code in (200, 400), bad
    assert [row.pk for row in items_for(world.actor("bo"))] == [late.pk]
    assert items_for(world.actor("ada")) == []


def test_the_list_asks_a_fixed_number_of_statements(django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    world = make_world()
    api = api_client(world.ada)
    counts = []
    for many in (1, 2):
        for _each in range(many):
            made(world)
        with CaptureQueriesContext(connection) as found:
            assert api.get(URL).status_code == 200
        counts.append(len(found))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "body",
    [
        {"title": "x" * 301},
        {"owner": "x"},
        {"owner": 10**30},
        {"due_on": "soon"},
        {"due_on": "9999-12-31"},
        {"status": "gone"},
        {"class": 5},
        {"proof_link": "ftp://x"},
        {"target": "playbook:"},
        {"backup": -1},
        [],
    ],
)
def test_bad_bodies_answer_400(body: Any) -> None:
    world = make_world()
    item = made(world)
    assert api_client(world.ada).patch(f"{URL}{item.pk}/", body, format="json").status_code == 400
