"""What is like an incident: why it is shown, to whom, and that it stays cheap."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.models import Incident
from postmortems.selectors.similar import first_line, similar_to, words_of
from tests.factories import api_client, signed_in
from tests.incidents.support import declare
from tests.postmortems.papers import TEXTS, published, with_factor
from tests.world import World, make_service, make_world

pytestmark = pytest.mark.django_db


def fresh(world: World, title: str = "Certificate of checkout not trusted") -> Incident:
    return Incident.objects.get(number=declare(world, title=title).number)


def test_services_and_words_are_named_with_what_it_was_and_what_helped() -> None:
    world = make_world()
    other = make_service(world.team, "mail")
    last = published(world, "Checkout down")
    words = published(world, "Chain of trusted certificates broke", services=[other], texts={})
    published(world, "Mail certificate", services=[other], texts={})
    incident = fresh(world)
    found = similar_to(incident, world.actor("bo"))
    assert [each.postmortem for each in found] == [last, words]
    assert found[0].reason == "Same service Checkout, same words: certificate, checkout, trusted"
    assert found[0].summary.startswith("Payments failed for 42 minutes")
    assert found[0].helped == "The former chain was put back by hand."
    assert found[1].reason == "Same words: certificate, trusted"


def test_factors_in_common_count_and_the_incident_itself_does_not() -> None:
    world = make_world()
    other = make_service(world.team, "mail")
    mine = published(world, "Login slow", texts={})
    factor = with_factor(mine)
    theirs = published(world, "Search slow", services=[other], texts={})
    with_factor(theirs)
    found = similar_to(mine.incident, world.actor("bo"))
    assert [each.postmortem for each in found] == [theirs]
    assert found[0].reason == f"Same factor {factor.name}, same words: slow"


def test_nobody_reads_of_what_they_may_not_see() -> None:
    world = make_world("members")
    published(world, "Secret", visibility="restricted")
    published(world, "A draft", status="draft")
    incident = fresh(world)
    url = f"/postmortems/similar/{incident.number}/"
    assert similar_to(incident, world.actor("bo")) == []
    assert [each.postmortem.incident.title for each in similar_to(incident, world.actor("root"))] == [
        "Secret"
    ]
    open_one = published(world, "Checkout down")
    for who, status in (("ada", 200), ("bo", 200), ("zoe", 404)):
        answer = signed_in(getattr(world, who)).get(url)
        assert answer.status_code == status
        assert b"Secret" not in answer.content
        assert (
            signed_in(getattr(world, who)).get(f"/postmortems/{open_one.pk}/similar/").status_code == status
        )
        answer = api_client(getattr(world, who)).get(f"/api/v1/postmortems/{open_one.pk}/similar/")
        assert answer.status_code == status
    assert Client().get(url).status_code == 302
    assert signed_in(world.bo).get("/postmortems/similar/999999/").status_code == 404


def test_support_sees_it_where_it_sees_the_incident() -> None:
    world = make_world()
    published(world)
    incident = fresh(world)
    page = signed_in(world.sam).get(f"/postmortems/similar/{incident.number}/")
    assert b"The former chain was put back" in page.content
    page = signed_in(world.bo).get(f"/incidents/{incident.number}/").content.decode()
    assert f"/postmortems/similar/{incident.number}/" in page


def test_it_is_one_statement_and_hostile_titles_do_no_harm() -> None:
    world = make_world()
    published(world, "<script>alert(1)</script> down")
    incident = fresh(world, "it's down & | ! ( :* <-> '; drop table \\ \"or\" and -not 決済 ゲートウェイ")
    actor = world.actor("bo")
    with CaptureQueriesContext(connection) as one:
        similar_to(incident, actor)
    for index in range(3):
        with_factor(published(world, f"Checkout down {index}"))
    with CaptureQueriesContext(connection) as more:
        assert len(similar_to(incident, actor, limit=2)) == 2
    assert len(one) == len(more) == 1
    page = signed_in(world.bo).get(f"/postmortems/similar/{incident.number}/").content
    assert b"<script>alert" not in page


def test_words_and_lines() -> None:
    assert words_of("The API of the API: timeouts, a_b") == ["timeouts"]
    assert words_of("Search shows prices of this morning, up to five hours old; order of orders") == [
        "search",
        "prices",
        "order",
    ]
    assert len(words_of(" ".join(f"word{n}" for n in range(99)))) == 12
    assert first_line("## Head\n\nText") == "Head"
    assert (
        first_line("Decisions:\n\n- 03:10 UTC: **Roll back** [x](/y)\n- other")
        == "Decisions: 03:10 UTC: Roll back x"
    )
    assert first_line("") == ""
    assert len(first_line("word " * 400)) <= 240
    assert TEXTS["recovery"].startswith(first_line(TEXTS["recovery"]))
