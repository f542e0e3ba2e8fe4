"""What support brings in and asks, and what it may not do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from core.errors import Conflict, InvalidInput, NotAllowed
from core.models import LiveEntry
from incidents import actions
from incidents.models import CustomerReport, SupportQuestion, TimelineEntry
from notifications.models import Delivery
from tests.factories import api_client, signed_in
from tests.incidents.support import START, declare
from tests.world import make_world

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def test_one_tap_counts_and_every_open_feed_hears_of_it(drain: Any) -> None:
    world = make_world()
    number = declare(world).number
    assert signed_in(world.sam).post(f"/incidents/{number}/report/").status_code == 302
    row = CustomerReport.objects.get()
    assert (row.customer, row.ticket, row.reported_by) == ("", "", world.sam)
    drain()
    told = LiveEntry.objects.get(topic_id="feed", event="incident.report")
    assert "A customer reported it" in told.html
    entry = TimelineEntry.objects.get(kind="customer_report")
    assert (entry.data["quiet"], entry.audience) == (False, "support")


def test_a_ticket_is_counted_once_an_incident() -> None:
    world = make_world()
    number, other = declare(world).number, declare(world).number
    sam = world.actor("sam")
    actions.add_report(actor=sam, number=number, customer="Acme", ticket="T-1")
    with pytest.raises(Conflict) as refused:
        actions.add_report(actor=world.actor("bo"), number=number, ticket=" T-1 ")
    assert refused.value.sentence == "Ticket T-1 is counted on this incident already."
    actions.add_report(actor=sam, number=other, ticket="T-1")
    actions.add_report(actor=sam, number=number)
    actions.add_report(actor=sam, number=number)
    assert CustomerReport.objects.filter(incident__number=number).count() == 3
    with pytest.raises(InvalidInput):
        actions.add_report(actor=sam, number=number, ticket_link="javascript:alert(1)")


def test_after_five_an_hour_reports_are_quiet(drain: Any) -> None:
    world = make_world()
    number = declare(world).number
    sam = world.actor("sam")
    with time_machine.travel(START, tick=False) as clock:
        for _report in range(7):
            actions.add_report(actor=sam, number=number)
            clock.shift(MINUTE)
        clock.shift(60 * MINUTE)
        actions.add_report(actor=sam, number=number)
    rows = TimelineEntry.objects.filter(kind="customer_report").order_by("seq")
    assert [row.data["quiet"] for row in rows] == [False] * 5 + [True] * 2 + [False]
    drain()
    feed = LiveEntry.objects.filter(topic_id="feed", event="incident.report").order_by("seq")
    assert [bool(row.html) for row in feed] == [True] * 5 + [False] * 2 + [True]


def test_a_question_reaches_those_in_charge_and_its_answer_all_of_support(drain: Any) -> None:
    world = make_world()
    number = declare(world, "root").number
    actions.assign_role(actor=world.actor("bo"), number=number, role="commander", user_id=world.zoe.pk)
    actions.ask(actor=world.actor("sam"), number=number, text="May we promise refunds?")
    drain()
    row = SupportQuestion.objects.get()
    asked = Delivery.objects.get(source=f"question:{row.pk}")
    assert (asked.user, asked.body) == (world.zoe, "Sam: May we promise refunds?")
    assert f"asked-{row.pk}" in signed_in(world.zoe).get("/").content.decode()
    assert f"asked-{row.pk}" not in signed_in(world.ada).get("/").content.decode()
    page = signed_in(world.zoe).get(f"/incidents/{number}/answer-question/?question={row.pk}")
    assert "May we promise refunds?" in page.content.decode()
    done = signed_in(world.zoe).post(
        f"/incidents/{number}/answer-question/", {"question": row.pk, "answer": "Not yet"}
    )
    assert done.status_code == 302
    drain()
    told = Delivery.objects.get(source=f"answer:{row.pk}")
    assert (told.user, told.url_path) == (world.sam, "/feed/")
    assert "Not yet" in signed_in(world.sam).get("/feed/").content.decode()
    assert f"asked-{row.pk}" not in signed_in(world.zoe).get("/").content.decode()


def test_support_never_acknowledges_sets_the_state_or_publishes() -> None:
    world = make_world()
    number = declare(world).number
    sam = world.actor("sam")
    question = actions.ask(actor=sam, number=number, text="What now?")
    for act in (
        lambda: actions.acknowledge(actor=sam, number=number),
        lambda: actions.set_status(actor=sam, number=number, status="identified"),
        lambda: actions.resolve(actor=sam, number=number),
        lambda: actions.post_update(actor=sam, number=number, audience="public", text="x"),
        lambda: actions.post_updates(actor=sam, number=number, texts={"support": "x"}),
        lambda: actions.save_draft(actor=sam, number=number, texts={"support": "x"}),
        lambda: actions.no_change(actor=sam, number=number, audience="public"),
        lambda: actions.set_support_words(actor=sam, number=number, say="x"),
        lambda: actions.approve_update(actor=sam, number=number, update_id=1),
        lambda: actions.answer_question(actor=sam, number=number, question_id=question.pk, answer="x"),
        lambda: actions.contact_customers(actor=sam, number=number, template_id=1),
    ):
        with pytest.raises(NotAllowed):
            act()
    api = api_client(world.sam)
    base = f"/api/v1/incidents/{number}/"
    found = {
        verb: api.post(f"{base}{verb}/", body, format="json").status_code
        for verb, body in (
            ("acknowledge", {}),
            ("set-status", {"status": "identified"}),
            ("post-update", {"audience": "public", "text": "x"}),
            ("post-updates", {"audiences": {"public": "x"}}),
            ("set-support-words", {"say": "x"}),
            ("reports", {}),
            ("questions", {"text": "And?"}),
        )
    }
    assert found == {
        "acknowledge": 403,
        "set-status": 403,
        "post-update": 403,
        "post-updates": 403,
        "set-support-words": 403,
        "reports": 201,
        "questions": 201,
    }
    answer = api.post(f"/api/v1/questions/{question.pk}/answer/", {"answer": "x"}, format="json")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("visibility", "expected"),
    [
        ("organisation", {"ada": 201, "bo": 201, "sam": 201, "zoe": 403, "root": 201}),
        ("members", {"ada": 201, "bo": 201, "sam": 404, "zoe": 404, "root": 201}),
    ],
)
def test_who_may_report_and_ask(visibility: str, expected: dict[str, int]) -> None:
    world = make_world(visibility)
    number = declare(world).number
    for path, body in (("reports", {"customer": "Acme"}), ("questions", {"text": "Why?"})):
        url = f"/api/v1/incidents/{number}/{path}/"
        found = {
            name: api_client(getattr(world, name)).post(url, body, format="json").status_code
            for name in expected
        }
        assert found == expected
        seen = {name: api_client(getattr(world, name)).get(url).status_code for name in expected}
        assert seen == {name: 404 if code == 404 else 200 for name, code in expected.items()}


def test_the_api_counts_reports_and_answers_questions() -> None:
    world = make_world()
    number = declare(world).number
    api = api_client(world.sam)
    url = f"/api/v1/incidents/{number}/reports/"
    made = api.post(url, {"customer": "Acme", "ticket": "T-1"}, format="json")
    assert (made.status_code, made.json()["ticket"]) == (201, "T-1")
    again = api.post(url, {"ticket": "T-1"}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "ticket_counted")
    assert api.get(url).json()["count"] == 1
    question = api.post(f"/api/v1/incidents/{number}/questions/", {"text": "Why?"}, format="json").json()
    answered = api_client(world.bo).post(
        f"/api/v1/questions/{question['id']}/answer/", {"answer": "A disk"}, format="json"
    )
    assert (answered.status_code, answered.json()["answer"], answered.json()["answered_by"]) == (
        200,
        "A disk",
        "Bo",
    )
    assert api_client(world.bo).post("/api/v1/questions/999/answer/", {"answer": "x"}).status_code == 404


def test_the_incident_page_shows_reports_and_questions_to_answer() -> None:
    world = make_world()
    number = declare(world).number
    actions.add_report(actor=world.actor("sam"), number=number, customer="<b>Acme</b>", ticket="T-1")
    row = actions.ask(actor=world.actor("sam"), number=number, text="<script>alert(1)</script>")
    text = signed_in(world.bo).get(f"/incidents/{number}/fragment/support/").content.decode()
    assert "&lt;b&gt;Acme&lt;/b&gt;" in text
    assert "T-1" in text
    assert "<script>" not in text
    assert f"answer-question/?question={row.pk}" in text
    reader = signed_in(world.zoe).get(f"/incidents/{number}/fragment/support/").content.decode()
    assert "answer-question" not in reader
