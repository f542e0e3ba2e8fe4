"""The pages of checks: who sees and changes what, the form, and that a list costs the same for any number."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.actions.checks import header_names, headers_of, pause_check, save_check
from alerts.models import Alert, Check, CheckLocation, CheckResult, CheckRun, CheckSpan
from core import clock
from tests.factories import make_team, signed_in
from tests.world import World, make_integration, make_service, make_world

pytestmark = pytest.mark.django_db
EVERYBODY = ("ada", "bo", "sam", "zoe", "root")
SECOND = dt.timedelta(seconds=1)
DAY = dt.timedelta(days=1)


def make_places(*names: str) -> list[CheckLocation]:
    found = []
    for name in names or ("Dublin", "Frankfurt"):
        token = {} if name == "Here" else {"token_digest": name * 5, "token_hint": "abcd"}
        found.append(CheckLocation.objects.get_or_create(name=name, defaults=token)[0])
    return found


def make_check(world: World, **fields: Any) -> Check:
    values: dict[str, Any] = {
        "name": "Shop answers",
        "service_id": world.service.pk,
        "kind": "http",
        "target": "https://shop.example.com/healthz",
        "location_ids": [place.pk for place in make_places()],
    }
    return save_check(actor=world.actor("root"), **values | fields)


def see(check: Check, ok: dict[str, bool], at: dt.datetime, milliseconds: int = 80) -> None:
    """As if the locations had reported this, without what follows from it."""
    for run in CheckRun.objects.filter(made_for=check, location__name__in=ok).select_related("location"):
        good = ok[run.location.name]
        detail = "Answered 200" if good else "Connection refused <b>"
        CheckRun.objects.filter(pk=run.pk).update(
            seen_at=at, ok=good, detail=detail, milliseconds=milliseconds, next_at=at + 60 * SECOND
        )
        CheckResult.objects.create(
            made_for=check, location=run.location, at=at, ok=good, detail=detail, milliseconds=milliseconds
        )


def put(check: Check, *spans: tuple[str, dt.timedelta], now: dt.datetime) -> None:
    """Its history instead of what there is: (status, how long), the last one until now."""
    CheckSpan.objects.filter(made_for=check).delete()
    at = now - sum((length for _status, length in spans), dt.timedelta())
    for number, (status, length) in enumerate(spans):
        until = None if number == len(spans) - 1 else at + length
        CheckSpan.objects.create(made_for=check, status=status, since=at, until=until)
        Check.objects.filter(pk=check.pk).update(status=status, changed_at=at)
        at += length


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture(params=["organisation", "members"])
def world(request: pytest.FixtureRequest) -> World:
    made = make_world(visibility=request.param)
    make_check(made, name="Shop <b>")
    return made


def may_see(world: World, name: str) -> bool:
    return world.team.visibility == "organisation" or name in ("ada", "bo", "root")


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_sees_it(world: World, name: str) -> None:
    check, client = Check.objects.get(), signed_in(getattr(world, name))
    wanted = 200 if may_see(world, name) else 404
    assert client.get(f"/checks/{check.pk}/").status_code == wanted
    assert client.get(f"/checks/{check.pk}/", headers={"HX-Request": "true"}).status_code == wanted
    assert client.get(f"/checks/panel/{world.service.slug}/").status_code == wanted
    page = text(client.get("/checks/"))
    assert ("Shop &lt;b&gt;" in page) == may_see(world, name)
    assert "Shop <b>" not in page
    integration = client.get(f"/integrations/{check.integration_id}/")
    assert integration.status_code == (302 if may_see(world, name) else 404)


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_changes_it(world: World, name: str) -> None:
    check, client = Check.objects.get(), signed_in(getattr(world, name))
    manages = name in ("ada", "root")
    refused = 403 if may_see(world, name) else 404
    for what in ("check-now", "pause", "resume"):
        assert client.post(f"/checks/{check.pk}/{what}/").status_code == (302 if manages else refused)
        assert client.get(f"/checks/{check.pk}/{what}/").status_code == 405
    assert client.get(f"/checks/{check.pk}/edit/").status_code == (200 if manages else refused)
    assert client.get("/checks/new/").status_code == (200 if manages else 403)
    shown = client.get(f"/checks/{check.pk}/")
    if shown.status_code == 200:
        assert (f"/checks/{check.pk}/edit/" in text(shown)) == manages
    assert ("Add a check" in text(client.get("/checks/"))) == manages
    assert client.post(f"/checks/{check.pk}/delete/").status_code == (302 if manages else refused)
    assert Check.objects.exists() != manages


def test_visitors_sign_in_first(world: World) -> None:
    pk = Check.objects.get().pk
    paths = ("/checks/", "/checks/new/", f"/checks/{pk}/", f"/checks/{pk}/edit/", "/checks/locations/")
    assert [signed_in(None).get(path).status_code for path in paths] == [302] * len(paths)


def form_of(world: World, **values: Any) -> dict[str, Any]:
    return {
        "shown": "http",
        "kind": "http",
        "target": "https://shop.example.com/",
        "name": "Shop answers",
        "service": world.service.pk,
        "method": "GET",
        "statuses": "200-299",
        "contains": "",
        "not_contains": "",
        "follow_redirects": "on",
        "headers": "",
        "interval": "60",
        "timeout": "10",
        "locations": [place.pk for place in make_places()],
        "needed": "2",
        "severity": "critical",
    } | values


def test_made_and_changed_on_the_page() -> None:
    world = make_world()
    client = signed_in(world.ada)
    made = client.post(
        "/checks/new/", form_of(world, headers="Authorization: Bearer s3cret\n\nX-Probe:  yes ")
    )
    check = Check.objects.get()
    assert (made.status_code, made["Location"]) == (302, f"/checks/{check.pk}/")
    assert (check.name, check.kind, check.target) == ("Shop answers", "http", "https://shop.example.com/")
    assert (check.interval_seconds, check.timeout_seconds, check.needed) == (60, 10, 2)
    assert check.settings == {
        "method": "GET",
        "statuses": "200-299",
        "contains": "",
        "not_contains": "",
        "follow_redirects": True,
        "verify_tls": False,
    }
    assert headers_of(check) == {"Authorization": "Bearer s3cret", "X-Probe": "yes"}
    assert sorted(check.locations.values_list("name", flat=True)) == ["Dublin", "Frankfurt"]
    edit = f"/checks/{check.pk}/edit/"
    for path in (edit, f"/checks/{check.pk}/"):
        assert "s3cret" not in text(client.get(path))
    assert "Authorization, X-Probe" in text(client.get(edit))
    assert client.post(edit, form_of(world, name="Renamed", contains="welcome")).status_code == 302
    check.refresh_from_db()
    assert (check.name, check.settings["contains"], header_names(check)) == (
        "Renamed",
        "welcome",
        ["Authorization", "X-Probe"],
    )
    assert client.post(edit, form_of(world, drop_headers="on")).status_code == 302
    check.refresh_from_db()
    assert header_names(check) == []
    tcp = form_of(world, kind="tcp", shown="tcp", target="db.example.com:5432")
    assert client.post(edit, tcp).status_code == 302
    check.refresh_from_db()
    assert (check.kind, check.target, check.settings) == ("tcp", "db.example.com:5432", {})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"target": "shop.example.com"}, "An address that begins with https://"),
        ({"target": "https://user:pass@shop.example.com/"}, "must not hold a user name or password"),
        ({"statuses": "2xx"}, "Codes and ranges from 100 to 599"),
        ({"headers": "Authorization Bearer x"}, "Line 1 is not “Name: value”."),
        ({"headers": "A: b\nbad name: x"}, "is no name of a header"),
        ({"headers": "A: b\na: c"}, "Line 2: this name stands there twice."),
        ({"locations": []}, "Choose at least two."),
        ({"needed": "3"}, "Choose at least 3 locations"),
        ({"needed": "1"}, "greater than or equal to 2"),
        ({"locations": ["999999"]}, "999999 is not one of the available choices"),
        ({"interval": "61"}, "61 is not one of the available choices"),
        ({"timeout": "0"}, "greater than or equal to 1"),
        ({"interval": "20", "timeout": "30"}, "give up before it is asked again"),
        ({"name": " "}, "This field is required."),
        ({"service": ""}, "This field is required."),
        ({"kind": "tls", "shown": "tls", "target": "a b", "days": "14"}, "A host and a port"),
        ({"kind": "tls", "shown": "tls", "target": "a.example", "days": "400"}, "less than or equal to 365"),
        ({"kind": "dns", "shown": "dns", "target": "a..b", "record": "A"}, "A name such as example.org."),
        ({"kind": "dns", "shown": "dns", "target": "a.example", "record": "X"}, "X is not one of"),
        ({"kind": "ping"}, "ping is not one of the available choices"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(wrong: dict[str, Any], said: str) -> None:
    world = make_world()
    answer = signed_in(world.ada).post("/checks/new/", form_of(world) | wrong)
    assert answer.status_code == 422
    assert said.replace("’", "'") in text(answer).replace("&#x27;", "'").replace("&quot;", '"')
    assert not Check.objects.exists()


def test_a_name_is_taken_once_in_a_team() -> None:
    world = make_world()
    make_check(world)
    answer = signed_in(world.ada).post("/checks/new/", form_of(world))
    assert answer.status_code == 422
    assert "The team has a check of that name already." in text(answer)


def test_nobody_makes_one_for_a_service_of_others() -> None:
    world = make_world()
    others = make_service(make_team("Others"), "theirs")
    answer = signed_in(world.ada).post("/checks/new/", form_of(world, service=others.pk))
    assert answer.status_code == 422
    assert not Check.objects.exists()


def test_the_fields_follow_the_kind() -> None:
    world = make_world()
    client = signed_in(world.ada)
    asked = {"http": "method", "tls": "days", "dns": "record"}
    for kind, field in asked.items():
        page = text(client.get(f"/checks/new/?kind={kind}"))
        assert {name for name in asked.values() if f'name="{name}"' in page} == {field}
        assert ('name="headers"' in page) == (kind == "http")
    assert 'name="days"' not in text(client.get("/checks/new/?kind=tcp"))
    assert 'name="method"' in text(client.get("/checks/new/?kind=nonsense"))
    typed = form_of(world, kind="tls", do="fields", name="Mine", target="shop.example.com:443")
    typed |= {"locations": [make_places()[0].pk], "timeout": "7"}
    page = text(client.post("/checks/new/", typed))
    assert 'name="days"' in page
    assert 'value="Mine"' in page
    assert 'value="shop.example.com:443"' in page
    assert 'value="7"' in page
    assert page.count("checked") == 2  # its certificate is to be valid, and the one location that was chosen
    assert '<option value="21600" selected' in page
    kept = text(client.post("/checks/new/", typed | {"interval": "300"}))
    assert '<option value="300" selected' in kept
    same = form_of(world, do="fields", contains="<welcome>", interval="20")
    page = text(client.post("/checks/new/", same))
    assert 'value="&lt;welcome&gt;"' in page
    assert '<option value="20" selected' in page
    assert page.count("checked") == 3  # follows redirects, and both locations; verify_tls was taken away
    assert not Check.objects.exists()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "There is no location yet"),
        (("Here",), "There is only one location"),
        (("Here", "Dublin"), ""),
    ],
)
def test_too_few_locations_are_said_with_the_way_to_more(names: tuple[str, ...], said: str) -> None:
    world = make_world()
    if names:
        make_places(*names)
    pages = {who: text(signed_in(getattr(world, who)).get("/checks/new/")) for who in ("ada", "root")}
    for page in pages.values():
        assert (said or "There is no location yet") in page if said else "location yet" not in page
    assert ('href="/checks/locations/"' in pages["root"]) == bool(said)
    assert ("An administrator can add one." in pages["ada"]) == bool(said)


def test_locations_whose_workers_work_are_chosen_first() -> None:
    world = make_world()
    client, now = signed_in(world.ada), clock.now()
    seen = {"Dublin": now, "Frankfurt": now - DAY, "Tokyo": None, "Virginia": now}
    make_places(*seen)
    CheckLocation.objects.create(name="Office", is_active=False, token_digest="office", token_hint="off1")

    def offered() -> dict[str, bool]:
        field = client.get("/checks/new/").context["form"]["locations"]
        return {str(option.choice_label): option.data["selected"] for option in field.subwidgets}

    names = ["Dublin", "Frankfurt (its worker is silent)", "Tokyo (its worker has not come yet)", "Virginia"]
    for count, chosen in ((1, [True] * 4), (2, [True, False, False, True])):
        for name in list(seen)[:1] if count == 1 else seen:
            CheckLocation.objects.filter(name=name).update(last_seen_at=seen[name])
        assert list(offered().values()) == chosen
    assert list(offered()) == names


def test_found_by_words_and_state() -> None:
    world = make_world()
    client = signed_in(world.ada)
    assert "Nothing is checked yet" in text(client.get("/checks/"))
    shop = make_check(world)
    make_check(world, name="Other", target="https://other.example.com/")
    pause_check(actor=world.actor("ada"), check_id=shop.pk)
    page = text(client.get("/checks/?status=paused"))
    assert ("Shop answers" in page, ">Other<" in page) == (True, False)
    page = text(client.get("/checks/?q=OTHER.example"))
    assert ("Shop answers" in page, ">Other<" in page) == (False, True)
    assert "No check matches" in text(client.get("/checks/?q=nothing&status=nonsense"))
    assert client.get("/checks/?q=%00&cursor=bx").status_code == 200


def queries(client: Any, path: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path).status_code == 200
    return len(caught)


def test_pages_take_as_many_queries_for_three_as_for_one() -> None:
    world = make_world()
    client, now = signed_in(world.root), clock.now()
    service = make_service(world.team, "basket")
    check = make_check(world, name="First", service_id=service.pk)
    see(check, {"Dublin": True, "Frankfurt": True}, now - 5 * SECOND)
    put(check, ("up", DAY), now=now)
    paths = ("/checks/", f"/checks/{check.pk}/", "/checks/panel/basket/", "/checks/locations/")
    for path in paths:
        client.get(path)
    one = [queries(client, path) for path in paths]
    make_places("Virginia", "Tokyo", "Here")
    for number in range(2):
        more = make_check(
            world,
            name=f"More {number}",
            service_id=service.pk,
            location_ids=[place.pk for place in CheckLocation.objects.all()],
        )
        put(more, ("up", DAY), ("down", DAY), ("up", DAY), now=now)
        see(more, {"Tokyo": True, "Virginia": False}, now - 9 * SECOND)
        see(check, {"Dublin": number == 1}, now - number * SECOND)
    put(check, ("up", DAY), ("down", DAY), ("up", DAY), now=now)
    integration, _key = make_integration(world.service)
    Alert.objects.create(
        integration=integration, team=world.team, dedup_key="x", title="Other", first_seen_at=now
    )
    assert [queries(client, path) for path in paths] == one


def test_navigation_belongs_to_integrations() -> None:
    world = make_world()
    client = signed_in(world.ada)
    for path in ("/checks/", "/heartbeats/", "/integrations/"):
        nav = client.get(path).context["nav"]
        assert [entry["label"] for entry in nav if entry["active"]] == ["Integrations"]
    assert 'href="/checks/"' in text(client.get("/integrations/"))
    assert 'hx-get="/checks/panel/checkout/"' in text(client.get("/services/checkout/"))
