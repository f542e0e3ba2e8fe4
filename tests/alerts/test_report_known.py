"""The public form says what the public has been told already, and nothing else about incidents."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from alerts.actions import reports
from alerts.actions.integrations import create_integration
from incidents.actions import declare_incident, post_update
from incidents.models import Incident, IncidentUpdate
from tests.world import World, make_service, make_world

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)


@pytest.fixture
def world() -> World:
    made = make_world(visibility="members")
    row, _key = create_integration(
        actor=made.actor("ada"), name="Shop", kind="report", service_id=made.service.pk
    )
    reports.set_report_form(actor=made.actor("ada"), integration_id=row.pk, slug="shop")
    return made


def incident(world: World, title: str = "Secret title", **more: Any) -> Incident:
    found = declare_incident(
        actor=world.actor("ada"), title=title, service_ids=[world.service.pk], impact="Secret impact", **more
    )
    return Incident.objects.get(number=found.number)


def tell(world: World, of: Incident, text: str, audience: str = "public") -> None:
    post_update(actor=world.actor("ada"), number=of.number, audience=audience, text=text)


def page() -> str:
    return Client(REMOTE_ADDR="10.8.0.1").get("/report/shop/").content.decode()


def test_the_last_public_words_are_shown(world: World) -> None:
    one = incident(world)
    assert "We know about this" not in page()
    tell(world, one, "First words")
    tell(world, one, "Payments <b>fail</b>\nWe are on it")
    for audience in ("internal", "executive", "support"):
        tell(world, one, f"Secret {audience}", audience)
    shown = page()
    assert "We know about this" in shown
    assert "Payments &lt;b&gt;fail&lt;/b&gt;\nWe are on it" in shown
    assert "First words" not in shown
    assert "Secret" not in shown and "Ada" not in shown and f"#{one.number}" not in shown


def test_drafts_and_what_waits_are_not_published(world: World) -> None:
    one = incident(world)
    for state in ("draft", "waiting"):
        IncidentUpdate.objects.create(
            incident=one, audience="public", state=state, text="Not yet", status="open", author_label="Ada"
        )
    assert "We know about this" not in page()


@pytest.mark.parametrize(
    "changes",
    [
        {"visibility": "restricted"},
        {"kind": "drill"},
        {"status": "resolved", "resolved_at": NOW},
        {"status": "closed", "resolved_at": NOW},
    ],
)
def test_nothing_of_restricted_drills_and_what_is_over(changes: dict[str, Any], world: World) -> None:
    one = incident(world)
    tell(world, one, "Payments fail")
    assert "Payments fail" in page()
    Incident.objects.filter(pk=one.pk).update(**changes)
    assert "Payments fail" not in page()


def test_nothing_of_other_services(world: World) -> None:
    other = make_service(world.team, "other")
    found = declare_incident(actor=world.actor("ada"), title="Elsewhere", service_ids=[other.pk])
    tell(world, Incident.objects.get(number=found.number), "Search is slow")
    assert "Search is slow" not in page()


def test_three_at_most_and_one_statement(world: World, django_assert_num_queries: Any) -> None:
    for number in range(5):
        tell(world, incident(world, f"t{number}"), f"Words {number}.")
    shown = page()
    assert [number for number in range(5) if f"Words {number}." in shown] == [2, 3, 4]
    with django_assert_num_queries(2):
        page()


def test_a_form_that_is_refused_still_says_so(world: World) -> None:
    tell(world, incident(world), "Payments fail")
    answer = Client(REMOTE_ADDR="10.8.0.2").post("/report/shop/", {"what": "x", "token": "none"})
    assert (answer.status_code, "Payments fail" in answer.content.decode()) == (422, True)
