"""The pages of action items: board, list, teams, one item with everything that can be done, the calendar."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notifications.models import Delivery
from oncall.actions.calendars import create_calendar_token, revoke_calendar_token
from oncall.models import Schedule
from postmortems import actions
from postmortems.models import ActionItem
from postmortems.selectors.items import board
from tests.factories import signed_in
from tests.incidents.support import declare, put
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
TODAY = "2026-11-19 12:00Z"  # a Thursday


@pytest.fixture(autouse=True)
def _today(time_machine: Any) -> None:
    time_machine.move_to(TODAY, tick=False)


def made(world: World, due: str = "2026-11-25", **fields: Any) -> ActionItem:
    number = put(declare(world), "resolved").number
    values = {"title": "Alert on queue age", "owner_id": world.bo.pk, "incident_number": number} | fields
    return actions.create_item(actor=world.actor("ada"), due_on=dt.date.fromisoformat(due), **values)


def shown(browser: Client, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_board_has_a_column_for_each_week() -> None:
    world = make_world()
    dues = ("2026-11-18", "2026-11-19", "2026-11-22", "2026-11-23", "2026-11-29", "2026-11-30")
    items = [made(world, due, title=f"Item {n}") for n, due in enumerate(dues)]
    closed = made(world, "2026-11-01", title="Over")
    actions.complete_item(actor=world.actor("bo"), item_id=closed.pk)
    columns = board(ActionItem.objects.all(), dt.date(2026, 11, 19))
    found = {column.key: [row.pk for row in column.items] for column in columns}
    assert found == {
        "overdue": [items[0].pk],
        "this_week": [items[1].pk, items[2].pk],
        "next_week": [items[3].pk, items[4].pk],
        "later": [items[5].pk],
        "undated": [],
        "closed": [closed.pk],
    }
    page = shown(signed_in(world.ada), "/action-items/")
    assert all(f"Item {n}" in page for n in range(6))
    assert "Over</a>" not in page


def test_filters_stay_in_the_address_of_every_view() -> None:
    world = make_world()
    made(world, title="Of Bo", item_class="monitor", priority="high")
    made(world, title="Of Ada", owner_id=world.ada.pk)
    browser = signed_in(world.bo)
    for query, seen in (
        ("owner=me", {"Of Bo"}),
        ("class=monitor", {"Of Bo"}),
        ("priority=high&team=checkout", {"Of Bo"}),
        (f"owner={world.ada.pk}", {"Of Ada"}),
        ("status=done", set()),
        ("status=all", {"Of Bo", "Of Ada"}),
        ("owner=x&class=y&status=z&team=%00&priority=q", None),
    ):
        for view in ("", "&view=list"):
            page = shown(browser, f"/action-items/?{query}{view}")
            found = {title for title in ("Of Bo", "Of Ada") if f"{title}</a>" in page}
            assert seen is None or found == seen, (query, view)
    assert "/action-items/?owner=me&amp;view=list" in shown(browser, "/action-items/?owner=me")
    assert "1 overdue" not in shown(browser, "/action-items/?view=teams")


def test_the_list_goes_on_by_due_date_in_both_directions() -> None:
    world = make_world()
    first = made(world)
    number = first.incident.number  # type: ignore[union-attr]
    day = dt.date(2026, 11, 20)
    ActionItem.objects.bulk_create(
        ActionItem(
            title=f"Row {n:03}",
            owner=world.bo,
            due_on=day + dt.timedelta(days=n // 3),
            incident=first.incident,
            team=world.team,
        )
        for n in range(120)
    )
    assert number
    browser = signed_in(world.ada)
    for sort in ("", "&sort=-due_on"):
        url, rows = f"/action-items/?view=list{sort}", []
        for _page in range(5):
            answer = browser.get(url)
            rows += answer.context["items"]
            if not answer.context["further"]:
                break
            url = f"/action-items/?view=list{sort}&cursor={answer.context['further']}"
        assert len({row.pk for row in rows}) == len(rows) == 121
        assert [row.due_on for row in rows] == sorted((row.due_on for row in rows), reverse=bool(sort))
    for bad in ("x", "2026-13-01_4", "-_", "2026-01-01_" + "9" * 40, "-_5"):
        assert browser.get(f"/action-items/?view=list&cursor={bad}").status_code == 200


def test_teams_show_counts_and_the_oldest() -> None:
    world = make_world()
    made(world, "2026-11-10")
    made(world, "2026-11-12")
    made(world, "2026-12-12", owner_id=world.ada.pk)
    page = shown(signed_in(world.ada), "/action-items/?view=teams")
    assert "2 overdue" in page
    assert "3 open" in page
    assert "10 Nov 2026" in page


@pytest.mark.parametrize("query", ["", "?view=list", "?view=teams"])
def test_the_lists_ask_a_fixed_number_of_statements(query: str) -> None:
    world = make_world()
    browser = signed_in(world.ada)
    counts = []
    for many in (1, 2):
        for _each in range(many):
            made(world)
        with CaptureQueriesContext(connection) as found:
            shown(browser, f"/action-items/{query}")
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_the_page_shows_the_ladder_and_everything_can_be_done_without_scripts() -> None:
    world = make_world()
    item = made(world, "2026-12-03", detail="<script>x</script>", proof_link="https://example.com/graph")
    url, browser = item.get_absolute_url(), signed_in(world.bo)
    actions.send_reminders(now=dt.datetime(2026, 11, 26, 9, tzinfo=dt.UTC))
    page = shown(browser, url)
    assert "<script>x" not in page
    assert page.count("Will be sent") == 3
    assert "to Ada" in page
    assert "Ask to drop it" in page
    assert browser.post(f"{url}state/", {"status": "doing"}).status_code == 302
    assert browser.post(f"{url}notes/", {"text": "Half of it is out"}).status_code == 302
    assert browser.post(f"{url}notes/", {"text": ""}).status_code == 422
    assert browser.post(f"{url}snooze/", {"until": "2027-12-01", "reason": "x"}).status_code == 422
    assert browser.post(f"{url}snooze/", {"until": "soon", "reason": "x"}).status_code == 422
    assert browser.post(f"{url}snooze/", {"until": "2026-11-30", "reason": "Vendor"}).status_code == 302
    assert "No reminder before 30 November 2026" in shown(browser, url)
    assert browser.post(f"{url}snooze/", {"do": "end"}).status_code == 302
    assert browser.post(f"{url}drop/", {"reason": "Not worth it"}).status_code == 302
    assert "Waits for a manager" in shown(browser, url)
    assert browser.post(f"{url}decide/", {"do": "approve"}).status_code == 403
    ada = signed_in(world.ada)
    assert "Agree: do not do it" in shown(ada, url)
    assert ada.post(f"{url}decide/", {"do": "refuse", "reason": "It is"}).status_code == 302
    assert browser.post(f"{url}done/", {"proof": "p95", "proof_link": "nothing at all"}).status_code == 422
    assert browser.post(f"{url}done/", {"proof": "p95 is 3 s"}).status_code == 302
    item.refresh_from_db()
    assert (item.status, item.proof) == ("done", "p95 is 3 s")
    assert "Half of it is out" in shown(browser, url)
    assert Delivery.objects.filter(title__startswith="Decided", user=world.bo).exists()


def test_making_and_changing_one_by_form() -> None:
    world = make_world()
    incident = put(declare(world), "resolved")
    browser = signed_in(world.bo)
    url = f"/action-items/new/?incident={incident.number}"
    assert shown(browser, url)
    refused = browser.post(url, {"title": "x", "item_class": "prevent", "priority": "normal"})
    assert refused.status_code == 422
    values = {
        "title": "Name an owner for the queue",
        "owner": world.bo.pk,
        "backup": world.ada.pk,
        "due_on": "2026-12-01",
        "item_class": "process",
        "priority": "high",
        "target": f"service:{world.service.pk}",
    }
    made_ = browser.post(url, values)
    item = ActionItem.objects.get()
    assert made_["Location"] == item.get_absolute_url()
    assert (item.backup, item.target_label) == (world.ada, "Checkout")
    edit = f"{item.get_absolute_url()}edit/"
    assert "Name an owner" in shown(browser, edit)
    assert browser.post(edit, values | {"title": "Own the queue", "target": ""}).status_code == 302
    item.refresh_from_db()
    assert (item.title, item.target) == ("Own the queue", "")
    assert browser.post(edit, values | {"backup": world.bo.pk}).status_code == 422
    for bad in ("", "?incident=99999", "?incident=x", "?postmortem=999", f"?postmortem={'9' * 40}"):
        assert browser.get(f"/action-items/new/{bad}").status_code == 404
    document = actions.start_postmortem(actor=world.actor("bo"), incident_number=incident.number)
    draft = {"title": "Later", "item_class": "prevent", "priority": "normal"}
    assert browser.post(f"/action-items/new/?postmortem={document.pk}", draft).status_code == 302


@pytest.mark.parametrize("visibility", ["organisation", "members"])
@pytest.mark.parametrize("who", ["ada", "bo", "sam", "zoe"])
def test_who_sees_and_does_what(visibility: str, who: str) -> None:
    world = make_world(visibility)
    item = made(world)
    browser = signed_in(getattr(world, who))
    inside, url = who in ("ada", "bo"), item.get_absolute_url()
    hidden = visibility == "members" and not inside
    assert browser.get(url).status_code == (404 if hidden else 200)
    for view in ("", "?view=list", "?view=teams"):
        page = shown(browser, f"/action-items/{view}")
        assert ("Alert on queue age" in page) is (not hidden and view != "?view=teams")
    expected = 404 if hidden else 200 if inside else 403
    assert browser.get(f"{url}edit/").status_code == expected
    for verb, body in (("drop", {"reason": "x"}), ("state", {"status": "doing"}), ("done", {})):
        code = browser.post(f"{url}{verb}/", body).status_code
        assert code == (404 if hidden else 302 if inside else 403), verb
    visitor = signed_in(None)
    for path in ("/action-items/", url, f"{url}edit/"):
        assert visitor.get(path).status_code == 302


def test_the_calendar_is_for_the_person_of_the_link() -> None:
    world = make_world("members")
    item = made(world, title="Alert, on; queue\\age")
    made(world, title="Of Ada", owner_id=world.ada.pk)
    token, secret = create_calendar_token(actor=world.actor("bo"))
    visitor = Client()
    answer = visitor.get(f"/action-items.ics?token={secret}")
    text = answer.content.decode()
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "DTSTART;VALUE=DATE:20261125" in text
    assert f"UID:action-item-{item.pk}@watchbill" in text
    assert "SUMMARY:Alert\\, on\\; queue\\\\age" in text
    assert "Of Ada" not in text
    again = visitor.get(f"/action-items.ics?token={secret}", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    schedule = Schedule.objects.create(team=world.team, name="Primary")
    _row, other = create_calendar_token(actor=world.actor("bo"), schedule_id=schedule.pk)
    for bad in (other, "x", "wbcal_" + "x" * 40):
        assert visitor.get("/action-items.ics", {"token": bad}).status_code == 404
    assert visitor.get("/action-items.ics").status_code == 404
    assert signed_in(world.ada).get("/action-items.ics").status_code == 200
    revoke_calendar_token(actor=world.actor("bo"), token_id=token.pk)
    assert visitor.get(f"/action-items.ics?token={secret}").status_code == 404
    made_link = signed_in(world.zoe).post("/action-items/calendar/")
    assert "/action-items.ics?token=wbcal_" in made_link.content.decode()
    assert made_link["Cache-Control"] == "no-store"
