"""The live feed as the desk of support: words, workaround, promises, reports and questions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock as product_clock
from incidents import actions
from incidents.models import ImpactRow, Incident
from tests.factories import signed_in
from tests.incidents.support import START, declare
from tests.world import World, make_world
from web.feed import feed_cards

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def page(world: World, who: str, **query: Any) -> str:
    return signed_in(getattr(world, who)).get("/feed/", query).content.decode()


def test_a_card_says_what_support_needs_to_know() -> None:
    world = make_world()
    incident = declare(world, impact="Cards fail")
    number, bo = incident.number, world.actor("bo")
    actions.post_update(actor=bo, number=number, audience="public", text="We are looking into it")
    actions.set_support_words(
        actor=bo, number=number, say="We know about it", do_not_say="Hackers", workaround="Pay by invoice"
    )
    ImpactRow.objects.create(
        incident=incident,
        service=world.service,
        condition="degraded",
        regions=["eu-west", "eu-north"],
        started_at=product_clock.now(),
    )
    actions.add_report(actor=world.actor("sam"), number=number, customer="Acme", ticket="T-1")
    text = page(world, "sam")
    for words in (
        "We are looking into it",
        "We know about it",
        "Hackers",
        "Pay by invoice",
        "eu-west, eu-north",
        "1 report",
        "Ask communications",
        "+1 report",
    ):
        assert words in text, words
    assert f'from="say-{number}"' in text
    assert f'from="workaround-{number}"' in text
    stranger = page(world, "zoe")
    assert "We know about it" in stranger
    assert "Ask communications" not in stranger
    board = page(world, "sam", tv=1)
    assert "We know about it" in board
    assert "Ask communications" not in board


def test_a_promise_to_customers_that_has_passed_is_stale() -> None:
    world = make_world()
    number, bo = declare(world).number, world.actor("bo")
    with time_machine.travel(START, tick=False) as clock:
        actions.post_update(
            actor=bo, number=number, audience="public", text="Soon", next_update_in_minutes=30
        )
        actions.post_update(actor=bo, number=number, audience="internal", text="x", next_update_in_minutes=5)
        clock.shift(29 * MINUTE)
        assert "Stale" not in page(world, "sam")
        clock.shift(2 * MINUTE)
        assert "Stale: the next update (Public) was promised for" in page(world, "sam")
        actions.no_change(actor=bo, number=number, audience="public")
        assert "Stale" not in page(world, "sam")


def test_a_text_that_waits_for_approval_is_not_shown() -> None:
    world = make_world()
    number = declare(world, "root").number
    actions.assign_role(actor=world.actor("root"), number=number, role="commander", user_id=world.zoe.pk)
    actions.post_update(actor=world.actor("bo"), number=number, audience="public", text="Not approved")
    assert "Not approved" not in page(world, "sam")


def test_restricted_incidents_show_to_those_invited_and_never_on_a_wall() -> None:
    world = make_world()
    incident = declare(world, "root", title="Break-in")
    actions.assign_role(
        actor=world.actor("root"), number=incident.number, role="communications", user_id=world.sam.pk
    )
    assert "Break-in" in page(world, "sam")
    Incident.objects.update(visibility="restricted")
    for who, invited in (("sam", True), ("root", True), ("ada", False)):
        assert ("Break-in" in page(world, who)) is invited
        assert "Break-in" not in page(world, who, tv=1)


def test_reports_by_hour_have_a_text_alternative() -> None:
    world = make_world()
    number = declare(world).number
    sam = world.actor("sam")
    with time_machine.travel(START, tick=False) as clock:
        for minutes in (0, 10, 70):
            clock.shift(minutes * MINUTE)
            actions.add_report(actor=sam, number=number)
        card = feed_cards(sam, product_clock.now())[0]
        assert [(hour.at.hour, hour.count) for hour in card.reports.hours if hour.count] == [(3, 2), (4, 1)]
        assert (card.reports.total, card.reports.last_hour) == (3, 1)
        text = page(world, "sam")
    assert "<li>03:00: 2</li><li>04:00: 1</li>" in text


def test_the_number_of_statements_does_not_grow() -> None:
    world = make_world()

    def more() -> None:
        number, bo = declare(world).number, world.actor("bo")
        actions.set_severity(actor=bo, number=number, severity=1)
        for audience in ("public", "support", "internal"):
            actions.post_update(actor=bo, number=number, audience=audience, text="x")
        for _time in range(2):
            actions.add_report(actor=bo, number=number)
            row = actions.ask(actor=bo, number=number, text="Why?")
            actions.answer_question(actor=bo, number=number, question_id=row.pk, answer="So")

    def cost(path: str) -> int:
        browser = signed_in(world.sam)
        browser.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(path).status_code == 200
        return len(queries)

    more()
    before = {path: cost(path) for path in ("/feed/", "/feed/?tv=1", "/")}
    more()
    more()
    assert {path: cost(path) for path in before} == before
    assert before["/feed/"] <= 30
