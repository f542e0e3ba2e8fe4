"""The public report form: what is kept, what is refused, who sees what."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client

from alerts.actions import reports
from alerts.actions.integrations import create_integration
from alerts.models import Alert, IntakeItem, Integration
from incidents.models import Incident
from tests.factories import api_client, signed_in
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
_numbers = itertools.count(1)


def visitor() -> Client:
    """Somebody without an account, at an address of their own."""
    return Client(enforce_csrf_checks=True, REMOTE_ADDR=f"10.7.{next(_numbers)}.1")


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def form(world: World) -> Integration:
    row, _key = create_integration(
        actor=world.actor("ada"), name="Shop <b>", kind="report", service_id=world.service.pk
    )
    return reports.set_report_form(
        actor=world.actor("ada"), integration_id=row.pk, slug="shop", title="Shop <i>", intro="Tell <us>"
    )


def token_of(page: Any) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def send(clock_at: Any, client: Client | None = None, **fields: str) -> Any:
    client = client or visitor()
    page = client.get("/report/shop/")
    clock_at.shift(dt.timedelta(seconds=5))
    return client.post("/report/shop/", {"token": token_of(page), "what": "Cannot pay", **fields})


def test_a_report_becomes_an_alert(form: Integration, drain: Drain) -> None:
    with time_machine.travel(NOW, tick=False) as clock_at:
        answer = send(
            clock_at,
            what="Cannot <script>pay</script>\x00",
            when="since 9",
            contact="joe@home.example",
            page="https://shop.example/pay?x=<1>",
        )
        assert answer.status_code == 200
        drain()
    alert = Alert.objects.get()
    reference = alert.labels["reference"]
    assert reference in answer.content.decode()
    assert (alert.title, alert.description, alert.urgency) == (
        "Problem reported over Shop <i>",
        "Cannot <script>pay</script>",
        "low",
    )
    assert alert.labels == {
        "reference": reference,
        "contact": "joe@home.example",
        "when": "since 9",
        "page": "https://shop.example/pay?x=<1>",
    }
    assert alert.links[0]["href"].startswith("https://shop.example/")
    page = signed_in(form.created_by).get(alert.get_absolute_url()).content.decode()
    assert "Cannot &lt;script&gt;" in page
    assert "joe@home.example" in page


def test_many_reports_make_one_incident(form: Integration, drain: Drain) -> None:
    with time_machine.travel(NOW, tick=False) as clock_at:
        for number in range(3):
            assert send(clock_at, what=f"Broken {number}").status_code == 200
        drain()
    assert (Alert.objects.count(), Incident.objects.count()) == (3, 1)


def test_reporters_words_stay_out_of_feeds(world: World, form: Integration, drain: Drain) -> None:
    with time_machine.travel(NOW, tick=False) as clock_at:
        send(clock_at, what="My secret words", contact="joe@home.example")
        drain()
        for path in ("/feed/", "/incidents/", "/"):
            page = signed_in(world.sam).get(path).content.decode()
            assert "secret words" not in page
            assert "joe@home.example" not in page
    incident = Incident.objects.get()
    assert "secret" not in str(vars(incident))


def test_the_page_is_plain_and_safe(form: Integration) -> None:
    answer = visitor().get("/report/shop/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Shop &lt;i&gt;" in page
    assert "Tell &lt;us&gt;" in page
    assert "<script" not in page
    assert not answer.cookies
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert "script-src" not in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in signed_in(form.created_by).get("/report/shop/").headers


def test_sent_twice_it_counts_once(form: Integration) -> None:
    with time_machine.travel(NOW, tick=False) as clock_at:
        token = token_of(visitor().get("/report/shop/"))
        clock_at.shift(dt.timedelta(seconds=5))
        answers = [visitor().post("/report/shop/", {"token": token, "what": "x"}) for _time in range(2)]
    assert answers[0].content == answers[1].content
    assert IntakeItem.objects.count() == 1


@pytest.mark.parametrize(
    ("after", "fields"),
    [
        (0, {"what": "Words"}),  # nobody writes that fast
        (25 * 3600, {"what": "Words"}),
        (5, {"what": "Words", "token": "made-up"}),
        (5, {"what": "Words", "token": ""}),
        (5, {"what": "  \x00"}),
        (5, {"what": "W" * 5001}),
    ],
)
def test_what_is_not_taken_is_shown_again(form: Integration, after: int, fields: dict[str, str]) -> None:
    with time_machine.travel(NOW, tick=False) as clock_at:
        token = token_of(visitor().get("/report/shop/"))
        clock_at.shift(dt.timedelta(seconds=after))
        answer = visitor().post("/report/shop/", {"token": token, "contact": '"><b>', **fields})
    assert answer.status_code == 422
    assert "problem" in answer.content.decode()
    assert "&quot;&gt;&lt;b&gt;" in answer.content.decode()
    assert IntakeItem.objects.count() == 0


def test_a_token_is_of_one_form(world: World, form: Integration) -> None:
    other, _key = create_integration(
        actor=world.actor("ada"), name="Other", kind="report", service_id=world.service.pk
    )
    with time_machine.travel(NOW, tick=False) as clock_at:
        token = reports.new_token(other)
        clock_at.shift(dt.timedelta(seconds=5))
        assert visitor().post("/report/shop/", {"token": token, "what": "x"}).status_code == 422


def test_who_fills_the_trap_is_thanked_and_forgotten(form: Integration) -> None:
    with time_machine.travel(NOW, tick=False) as clock_at:
        answer = send(clock_at, website="https://spam.example")
    assert (answer.status_code, IntakeItem.objects.count()) == (200, 0)
    assert "Thank you" in answer.content.decode()


def test_over_the_limit_it_says_when_to_try_again(form: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.ratelimit.take", lambda *_args, **_kwargs: 90)
    with time_machine.travel(NOW, tick=False) as clock_at:
        answer = send(clock_at)
    assert (answer.status_code, answer["Retry-After"]) == (429, "90")
    assert "in about 2 minutes" in answer.content.decode()


def test_one_address_has_five_at_once(form: Integration) -> None:
    with time_machine.travel(NOW, tick=False) as clock_at:
        client = visitor()
        found = [send(clock_at, client).status_code for _time in range(6)]
    assert found == [200] * 5 + [429]


def test_switched_off_there_is_nothing(world: World, form: Integration) -> None:
    Integration.objects.filter(pk=form.pk).update(is_active=False)
    answers = [
        visitor().get("/report/shop/"),
        visitor().post("/report/shop/"),
        visitor().get("/report/none/"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert visitor().put("/report/shop/").status_code == 405
    assert not answers[0].cookies


def test_too_large_a_body(form: Integration) -> None:
    assert visitor().post("/report/shop/", {"what": "x" * 2_000_000}).status_code == 413


def test_urgent_when_set_so(world: World, form: Integration, drain: Drain) -> None:
    reports.set_report_form(actor=world.actor("ada"), integration_id=form.pk, urgent=True)
    with time_machine.travel(NOW, tick=False) as clock_at:
        send(clock_at)
        drain()
    assert Alert.objects.get().urgency == "high"


@pytest.mark.parametrize("visibility", ["organisation", "members"])
@pytest.mark.parametrize("name", ["ada", "bo", "sam", "zoe", "root"])
def test_who_sets_it_up(visibility: str, name: str) -> None:
    world = make_world(visibility=visibility)
    row, _key = create_integration(
        actor=world.actor("ada"), name="Shop", kind="report", service_id=world.service.pk
    )
    sees = visibility == "organisation" or name in ("ada", "bo", "root")
    manages = name in ("ada", "root")
    refused = 403 if sees else 404
    client, api = signed_in(getattr(world, name)), api_client(getattr(world, name))
    path = f"/integrations/{row.pk}/form/"
    assert client.get(path).status_code == (200 if manages else refused)
    body = {"slug": "our-shop", "title": "T", "intro": ""}
    assert client.post(path, body).status_code == (302 if manages else refused)
    address = f"/api/v1/report-forms/{row.pk}/"
    assert api.get(address).status_code == (200 if sees else 404)
    assert api.patch(address, {"slug": "shop-2"}).status_code == (200 if manages else refused)
    assert len(api.get("/api/v1/report-forms/").json()["results"]) == int(sees)


@pytest.mark.parametrize("slug", ["x", "-ab", "ab-", "a b", "ä-b", "a" * 65, "taken", "../x"])
def test_addresses_that_cannot_be(world: World, form: Integration, slug: str) -> None:
    other, _key = create_integration(
        actor=world.actor("ada"), name="Other", kind="report", service_id=world.service.pk
    )
    reports.set_report_form(actor=world.actor("ada"), integration_id=other.pk, slug="taken")
    answer = api_client(world.ada).patch(f"/api/v1/report-forms/{form.pk}/", {"slug": slug})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["slug"])
    page = signed_in(world.ada).post(f"/integrations/{form.pk}/form/", {"slug": slug})
    assert page.status_code == 422
