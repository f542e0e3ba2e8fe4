"""The catalog's pages, who changes it, and how many statements lists take."""

from __future__ import annotations

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import panels
from services import hooks
from services.models import ChangeEvent, Dependency, Service
from tests.factories import People, make_people
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import make_policy, make_service

pytestmark = pytest.mark.django_db
WHO = ("owner", "teammate", "support", "stranger", "admin")


def text_of(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def test_the_list_filters_and_pages(people: People) -> None:
    browser = people.browser("stranger")
    assert "No service yet" in text_of(browser.get("/services/"))
    for number in range(52):
        make_service(people.team, f"svc-{number:02}", tier=1 + number % 4)
    first = text_of(browser.get("/services/"))
    assert ("svc-49" in first, "svc-50" in first, "cursor=asvc-49" in first) == (True, False, True)
    second = text_of(browser.get("/services/?cursor=asvc-49"))
    assert ("svc-51" in second, "svc-49<" in second, "cursor=bsvc-50" in second) == (True, False, True)
    back = text_of(browser.get("/services/?cursor=bsvc-50"))
    assert ("svc-49" in back, "svc-00" in back) == (True, True)
    tier = text_of(browser.get("/services/?tier=1&tier=2&q=svc-0"))
    assert [f"svc-0{n}<" in tier for n in range(6)] == [True, True, False, False, True, True]
    assert "No service fits" in text_of(browser.get(f"/services/?q=nothing&team={people.team.slug}"))
    for query in ("q=%00", "team=%00", "cursor=a%00", "cursor=axx__", "tier=x", "lifecycle=%00"):
        assert browser.get(f"/services/?{query}").status_code == 200


def test_a_service_page_tells_what_a_responder_needs(people: People) -> None:
    schedule = make_schedule(people.team)
    make_rotation(schedule, [[people.teammate.pk]])
    policy = make_policy(people.team, (5, []))
    policy.steps.get().targets.create(type="schedule", schedule=schedule)
    db, pay, shop = (make_service(people.team, slug) for slug in ("db", "pay", "shop"))
    Dependency.objects.create(downstream=pay, upstream=db, note="every <b>request</b>")
    Dependency.objects.create(downstream=shop, upstream=pay, kind="soft")
    pay.links.create(kind="runbook", title="Read me", url="https://wiki.example/pay")
    ChangeEvent.objects.create(
        service=pay,
        summary="Deploy 7",
        happened_at=START,
        links=[{"href": "javascript:alert(1)"}, {"href": "https://ci.example"}],
    )
    incident = hooks.OpenIncident(7, "Cards fail", "investigating", 1, "/incidents/7/")
    kept, slots = list(hooks._open_incidents), {name: dict(rows) for name, rows in panels._slots.items()}
    hooks.register_open_incidents(lambda ids, actor: {pay.pk: [incident]})
    panels.register("service", "test", title="Alerts", url=lambda **names: f"/alerts/panel/{names['slug']}/")
    try:
        with time_machine.travel(START, tick=False):
            page = text_of(people.browser("stranger").get("/services/pay/"))
    finally:
        hooks._open_incidents[:] = kept
        panels._slots.clear()
        panels._slots.update(slots)
    for words in (
        "Tom Teammate",
        policy.name,
        "every &lt;b&gt;request&lt;/b&gt;",
        'href="https://wiki.example/pay"',
        "Cards fail",
        "Deploy 7",
        'href="https://ci.example"',
        "Degrades",
        'hx-get="/alerts/panel/pay/"',
        '<noscript><a class="link" href="/alerts/panel/pay/">',
    ):
        assert words in page, words
    assert ("javascript:" in page, "/services/pay/edit/" in page) == (False, False)


FORM = {
    "name": "Payments",
    "slug": "pay",
    "tier": "1",
    "kind": "service",
    "lifecycle": "production",
    "description": "",
    "escalation_policy": "",
    "link": ["0", "1"],
    "link-kind-0": "runbook",
    "link-title-0": "Runbook",
    "link-url-0": "https://wiki.example/pay",
    "link-kind-1": "runbook",
    "link-title-1": "",
    "link-url-1": "",
    "edge": ["0", "1"],
    "edge-kind-0": "soft",
    "edge-note-0": "retries",
    "edge-upstream-1": "",
    "edge-kind-1": "hard",
}


def test_a_service_is_made_and_edited_without_script(people: People) -> None:
    db, browser = make_service(people.team, "db"), people.browser("owner")
    form = {**FORM, "team": people.team.pk, "edge-upstream-0": db.pk}
    page = browser.post("/services/new/", {**form, "op": "addlink"})
    assert (page.status_code, page.content.count(b'name="link"'), Service.objects.count()) == (200, 3, 1)
    page = browser.post("/services/new/", {**form, "op": "removeedge-0"})
    assert (page.content.count(b'name="edge"'), b"retries" in page.content) == (1, False)
    made = browser.post("/services/new/", form)
    assert (made.status_code, made["Location"]) == (302, "/services/pay/"), text_of(made)
    pay = Service.objects.get(slug="pay")
    assert list(pay.links.values_list("kind", "title", "url")) == [
        ("runbook", "Runbook", "https://wiki.example/pay")
    ]
    assert list(pay.upstream_edges.values_list("upstream__slug", "kind", "note")) == [
        ("db", "soft", "retries")
    ]
    for change, words in [
        ({"slug": "pay"}, "Another service has this address."),
        ({"slug": "two", "link-url-0": "javascript:x"}, "Must be an http or https address."),
        ({"slug": "two", "edge-kind-0": "x"}, "hard or soft."),
        ({"slug": "two", "edge-upstream-0": "999999"}, "There is no service with this address."),
        ({"slug": "two", "team": ""}, "This field is required."),
        ({"slug": "two", "tier": "9"}, "Select a valid choice."),
    ]:
        answer = browser.post("/services/new/", {**form, **change})
        assert (answer.status_code, words in text_of(answer)) == (422, True), change
    assert not Service.objects.filter(slug="two").exists()
    edited = browser.post("/services/pay/edit/", {**form, "name": "Pay", "edge": [], "link": []})
    pay.refresh_from_db()
    assert (edited.status_code, pay.name, pay.links.count(), pay.upstream_edges.count()) == (302, "Pay", 0, 0)
    browser.post("/services/pay/delete/", {"name": "wrong"})
    assert Service.objects.filter(slug="pay").exists()
    assert browser.post("/services/pay/delete/", {"name": "Pay"}).status_code == 302
    assert not Service.objects.filter(slug="pay").exists()


@pytest.mark.parametrize("visibility", ["organisation", "members"])
def test_who_sees_and_changes_a_service(visibility: str) -> None:
    people = make_people(visibility=visibility)
    make_service(people.team, "pay")
    outer = make_service(None, "outer")
    Dependency.objects.create(downstream=outer, upstream=Service.objects.get(slug="pay"))
    seen, denied = (200, 403) if visibility == "organisation" else (404, 404)
    everybody = {"owner": 200, "teammate": 200, "admin": 200, "support": seen, "stranger": seen}
    for path in ("", "dependencies/", "blast-radius/", "suspects/"):
        assert {
            who: people.api(who).get(f"/api/v1/services/pay/{path}").status_code for who in WHO
        } == everybody
    assert {who: people.browser(who).get("/services/pay/").status_code for who in WHO} == everybody
    changed = {who: people.api(who).patch("/api/v1/services/pay/", {"tier": 2}).status_code for who in WHO}
    assert changed == {"owner": 200, "admin": 200, "teammate": 403, "support": denied, "stranger": denied}
    edits = {who: people.browser(who).get("/services/pay/edit/").status_code for who in WHO}
    assert edits == changed
    edge = {"upstream": "outer"}
    added = {who: people.api(who).post("/api/v1/services/pay/dependencies/", edge).status_code for who in WHO}
    assert added == {"owner": 201, "admin": 200, "teammate": 403, "support": denied, "stranger": denied}
    made = people.api("teammate").post("/api/v1/services/", {"name": "N", "team": people.team.slug})
    assert (made.status_code, people.api("owner").post("/api/v1/services/", {"name": "N"}).status_code) == (
        403,
        403,
    )
    api = people.api("stranger")
    slugs = [row["slug"] for row in api.get("/api/v1/services/").json()["results"]]
    upstream = api.get("/api/v1/services/outer/dependencies/").json()["results"]
    affected = api.get("/api/v1/services/outer/suspects/").json()["affected"]
    hidden = visibility == "members"
    assert (slugs, len(upstream), len(affected)) == (
        ["outer"] if hidden else ["outer", "pay"],
        0 if hidden else 1,
        0 if hidden else 1,
    )
    assert ("pay" in text_of(people.browser("stranger").get("/services/"))) is not hidden
    anonymous = people.api("owner")
    anonymous.credentials()
    assert anonymous.get("/api/v1/services/").status_code == 401
    assert anonymous.get("/services/").status_code == 302


@pytest.mark.parametrize("who", ["teammate", "stranger"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/services/",
        "/api/v1/changes/",
        "/api/v1/services/hub/dependencies/",
        "/api/v1/services/hub/blast-radius/",
        "/api/v1/services/hub/suspects/",
        "/services/",
        "/services/hub/",
    ],
)
def test_lists_take_as_many_statements_for_three_rows_as_for_one(people: People, path: str, who: str) -> None:
    hub = make_service(people.team, "hub")
    schedule = make_schedule(people.team)
    make_rotation(schedule, [[people.owner.pk]])

    def add(number: int) -> None:
        policy = make_policy(people.team, (5, [people.owner]), name=f"P{number}")
        policy.steps.get().targets.create(type="schedule", schedule=schedule)
        one = make_service(people.team, f"up-{number}", escalation_policy=policy)
        two = make_service(people.team, f"down-{number}")
        Dependency.objects.create(downstream=hub, upstream=one)
        Dependency.objects.create(downstream=two, upstream=hub)
        hub.links.create(title="x", url="https://x.example")
        one.links.create(title="x", url="https://x.example")
        ChangeEvent.objects.create(service=hub, summary="c", happened_at=START)
        ChangeEvent.objects.create(service=one, summary="c", happened_at=START)

    client = people.api(who) if path.startswith("/api") else people.browser(who)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    with time_machine.travel(START, tick=False):
        add(1)
        client.get(path)
        one = count()
        add(2)
        add(3)
        # The first look after a change reads the graph anew.
        client.get(path)
        assert count() == one
