"""Subscribers on the manage side, in the API and in admin: who may, what is shown once, and tables."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.logs import redact_text
from core.crypto import unseal
from statuspage.models import StatusPage, Subscriber
from statuspage.subscribers.importing import MAX_ROWS, plan_import
from teams.choices import TeamVisibility
from teams.models import AuditEntry
from tests.factories import api_client, signed_in
from tests.statuspage.subscribing import mails, messages, subscriber, work
from tests.statuspage.support import make_page, part
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
PAGE = "/statuspages/shop/subscribers/"
API = "/api/v1/status-pages/shop/subscribers/"
PEOPLE = ("root", "ada", "bo", "sam", "zoe")


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def shop(world: World) -> StatusPage:
    return make_page(world, parts=("Website", "API"))


def test_addresses_are_for_managers_numbers_for_who_sees_the_page(world: World, shop: StatusPage) -> None:
    row = subscriber(shop, "reader@example.net")
    row_url, row_api = f"{PAGE}{row.public_id}/ask/", f"{API}{row.public_id}/"
    seen = {}
    for name in PEOPLE:
        person, client = signed_in(getattr(world, name)), api_client(getattr(world, name))
        page, listed, counted = person.get(PAGE), client.get(API), client.get(f"{API}counts/")
        shows = "reader@example.net" in page.content.decode()
        codes = [person.get(f"{PAGE}{path}").status_code for path in ("new/", "import/", "export/")]
        codes += [client.get(path).status_code for path in (row_api, f"{API}export/")]
        seen[name] = (page.status_code, shows, listed.status_code, counted.json().get("active"), set(codes))
        if not shows:
            refused = [
                person.post(row_url),
                client.post(API, {"address": "x@example.net"}),
                client.post(f"{API}import/", "email\nx@example.net", content_type="text/csv"),
                client.delete(row_api),
                client.post(f"{row_api}resume/"),
            ]
            assert {answer.status_code for answer in refused} == {403}
    managers, others = (200, True, 200, 1, {200}), (200, False, 403, 1, {403})
    assert seen == {"root": managers, "ada": managers, "bo": others, "sam": others, "zoe": others}
    assert api_client(None).get(API).status_code == 401
    assert Subscriber.objects.count() == 1


def test_the_page_of_a_private_team_is_nothing_to_strangers() -> None:
    world = make_world(TeamVisibility.MEMBERS)
    make_page(world)
    for name, code in (("root", 200), ("ada", 200), ("bo", 200), ("sam", 404), ("zoe", 404)):
        assert signed_in(getattr(world, name)).get(PAGE).status_code == code
        assert api_client(getattr(world, name)).get(f"{API}counts/").status_code == code
    assert api_client(world.zoe).post(API, {"address": "x@example.net"}).status_code == 404


def test_adding_by_hand(world: World, shop: StatusPage) -> None:
    ada = signed_in(world.ada)
    form = {"kind": "webhook", "address": "https://hooks.example/in", "components": [part(shop).public_id]}
    shown = ada.post(f"{PAGE}new/", form, follow=True).content.decode()
    hook = Subscriber.objects.get()
    secret = unseal(hook.secret)
    assert (hook.state, secret in shown, secret in ada.get(PAGE).content.decode()) == ("active", True, False)
    assert ada.post(f"{PAGE}new/", form).status_code == 422
    for wrong in ({"kind": "email", "address": "no"}, {"kind": "slack", "address": "http://u:p@x/"}, {}):
        assert ada.post(f"{PAGE}new/", wrong).status_code == 422
    ada.post(f"{PAGE}new/", {"kind": "email", "address": "asked@example.net"})
    ada.post(f"{PAGE}new/", {"kind": "email", "address": "agreed@example.net", "agreed": "on"})
    work()
    assert [mail.recipient for mail in mails()] == ["asked@example.net"]
    found = dict(ada.get(PAGE, {"address": "AGREED@example.net"}).context["found"].rows[0].__dict__)
    assert (found["state"], unseal(found["address"])) == ("active", "agreed@example.net")
    told = ada.post(f"{PAGE}{hook.public_id}/secret/", follow=True).content.decode()
    hook.refresh_from_db()
    assert (unseal(hook.secret) in told, unseal(hook.secret) != secret) == (True, True)
    assert not AuditEntry.objects.filter(data__icontains="example").exists()
    assert "example.net" not in str(list(Subscriber.objects.values()))


def test_what_a_manager_does_with_one(world: World, shop: StatusPage) -> None:
    asked = subscriber(shop, state="pending")
    paused = subscriber(shop, "https://x.example/", kind="slack", state="quarantined", failures=10)
    client = api_client(world.ada)
    url = f"{API}{asked.public_id}/"
    codes = [client.post(f"{url}ask-again/").status_code for _time in range(4)]
    assert (codes, len(messages("pk"))) == ([200, 200, 200, 429], 1)
    assert client.post(f"{url}resume/").status_code == 409
    assert client.post(f"{url}rotate-secret/").status_code == 409
    again = client.post(f"{API}{paused.public_id}/resume/").json()
    assert (again["state"], again["failures"]) == ("active", 0)
    assert client.delete(url).status_code == 204
    assert client.delete(url).status_code == 404
    verbs = AuditEntry.objects.filter(verb__startswith="subscriber").values_list("verb", flat=True)
    assert set(verbs) == {"subscriber asked again", "subscriber resumed", "subscriber removed"}


def test_the_api_in_full(world: World, shop: StatusPage) -> None:
    client = api_client(world.ada)
    made = client.post(
        API,
        {"address": "https://x.example/", "kind": "webhook", "components": [part(shop, "API").public_id]},
        format="json",
    )
    assert made.status_code == 201
    row = Subscriber.objects.get()
    body = made.json()
    assert body.pop("secret") == unseal(row.secret)
    assert client.get(f"{API}{row.public_id}/").json() == body
    assert client.get(API).json()["results"] == [body]
    assert {name: body[name] for name in ("id", "kind", "address", "state", "components", "notice")} == {
        "id": row.public_id,
        "kind": "webhook",
        "address": "https://x.example/",
        "state": "active",
        "components": [part(shop, "API").public_id],
        "notice": None,
    }
    wrong = [
        {},
        {"address": "x"},
        {"address": "a@example.net", "kind": "sms"},
        {"address": "a@example.net", "components": ["zzzzzzzzzzzz"]},
        {"address": "a@example.net", "kinds": "email"},
        {"address": "https://x.example/", "kind": "webhook"},
    ]
    assert {client.post(API, each, format="json").status_code for each in wrong} == {400}
    queries = {"?state=active": 1, "?state=ended": 0, "?kind=slack": 0, "?kind=webhook": 1}
    queries |= {"?address=https://x.example/": 1, "?address=https://x.example": 0}
    found = {query: len(client.get(f"{API}{query}").json()["results"]) for query in queries}
    assert found == queries
    assert {client.get(f"{API}?{wrong}").status_code for wrong in ("kind=%00", "state=x")} == {400}
    assert client.get(f"{API}counts/").json() == {
        "pending": 0,
        "active": 1,
        "quarantined": 0,
        "bounced": 0,
        "ended": 0,
    }


def test_a_table_is_planned_then_stored_whole_or_not_at_all(world: World, shop: StatusPage) -> None:
    subscriber(shop, "known@example.net")
    subscriber(shop, "ended@example.net", state="ended")
    head = "Email,Kind,Components,Language,Note\n"
    good = (
        f"{head}one@example.net,,Website;api,en,x\n"
        f"two@example.net,email,{part(shop).public_id},,\n"
        "https://hooks.example/x,slack,,,\nKNOWN@example.net,,,,\nended@example.net,,,,\n"
    )
    bad = (
        f"{good}no,,,,\none@example.net,,,,\na@x.net,sms,,,\nb@x.net,,Nothing,,\nc@x.net,,,xx,\nd,e,f,g,h,i\n"
    )
    client = api_client(world.ada)

    def send(text: str, query: str = "") -> Any:
        return client.post(f"{API}import/{query}", text.encode(), content_type="text/csv")

    planned = send(bad, "?plan=1").json()
    assert [each.partition(":")[0] for each in planned["problems"]] == [f"Line {n}" for n in range(7, 13)]
    assert (send(bad).status_code, Subscriber.objects.count()) == (400, 2)
    counts = {"active": 1, "asked": 3, "known": 1, "problems": []}
    assert (send(good, "?plan=1").json(), Subscriber.objects.count()) == (counts, 2)
    assert send(good, "?agreed=1").json() == {**counts, "active": 3, "asked": 1}
    assert send(good, "?agreed=1").json() == {"active": 0, "asked": 0, "known": 5, "problems": []}
    work()
    assert [mail.recipient for mail in mails()] == ["ended@example.net"]
    rows = {unseal(row.address): row for row in Subscriber.objects.all()}
    assert {key: row.state for key, row in rows.items()} == {
        "known@example.net": "active",
        "ended@example.net": "pending",
        "one@example.net": "active",
        "two@example.net": "active",
        "https://hooks.example/x": "active",
    }
    assert [c.name for c in rows["one@example.net"].components.all()] == ["Website", "API"]
    entry = AuditEntry.objects.filter(verb="subscribers imported").order_by("pk").first()
    assert entry is not None
    assert entry.data == {"what": "", "agreed": True, "active": 3, "asked": 1, "known": 1}
    for wrong in ("", "email\n", "name\nx", 'email\n"x', "email,address\na@x.net,b@x.net"):
        assert send(wrong).status_code == 400
    assert client.post(f"{API}import/", b"email\n\xff", content_type="text/csv").status_code == 400
    assert client.post(f"{API}import/", {}, format="json").status_code == 415


def test_a_table_has_an_end_and_is_looked_at_with_few_statements(world: World, shop: StatusPage) -> None:
    counts = []
    for size in (1, 3):
        text = "email\n" + "".join(f"r{number}@example.net\n" for number in range(size))
        with CaptureQueriesContext(connection) as found:
            plan_import(actor=world.actor("ada"), page_id=shop.pk, text=text, agreed=True)
        counts.append(len(found))
    assert counts[0] == counts[1]
    many = "email\n" + "x@example.net\n" * (MAX_ROWS + 1)
    answer = api_client(world.ada).post(f"{API}import/", many, content_type="text/csv")
    assert (answer.status_code, "20,000" in str(answer.json()["errors"])) == (400, True)


def test_a_table_by_the_page_and_out_again(world: World, shop: StatusPage) -> None:
    ada = signed_in(world.ada)
    text = "email\n=cmd@example.net\n" + "two@example.net\n"
    file = SimpleUploadedFile("s.csv", text.encode())
    planned = ada.post(f"{PAGE}import/", {"file": file, "op": "check"})
    assert (planned.status_code, planned.context["plan"].counts["asked"], Subscriber.objects.count()) == (
        200,
        2,
        0,
    )
    assert ada.post(f"{PAGE}import/", {"rows": "email\nno", "op": "apply"}).status_code == 422
    assert ada.post(f"{PAGE}import/", {}).status_code == 422
    stored = ada.post(f"{PAGE}import/", {"rows": text, "agreed": "on", "op": "apply"})
    assert (stored.status_code, Subscriber.objects.filter(state="active").count()) == (302, 2)
    out: Any = ada.get(f"{PAGE}export/")
    table = b"".join(out.streaming_content).decode()
    assert out["Content-Disposition"] == 'attachment; filename="subscribers-shop.csv"'
    assert "'=cmd@example.net,email,,en,active," in table
    again = plan_import(actor=world.actor("ada"), page_id=shop.pk, text=table, agreed=False)
    assert again.counts == {"active": 0, "asked": 0, "known": 2}


def test_lists_cost_the_same_for_one_and_for_many(world: World, shop: StatusPage) -> None:
    ada, client = signed_in(world.ada), api_client(world.ada)
    found: dict[str, list[int]] = {PAGE: [], API: []}
    for more in (1, 2):
        for _ in range(more):
            subscriber(shop, parts=[part(shop)])
        for url, counts in found.items():
            with CaptureQueriesContext(connection) as seen:
                assert (ada if url == PAGE else client).get(url).status_code == 200
            counts.append(len(seen))
    assert [counts[0] for counts in found.values()] == [counts[1] for counts in found.values()]


def test_admin_shows_no_address(world: World, shop: StatusPage) -> None:
    row = subscriber(shop, "reader@example.net")
    root = signed_in(world.root)
    for name in ("subscriber", "announcement", "subscribermessage"):
        assert root.get(f"/admin/statuspage/{name}/").status_code == 200
    shown = root.get(f"/admin/statuspage/subscriber/{row.pk}/change/").content.decode()
    assert row.address not in shown
    assert row.address_digest not in shown


def test_links_and_addresses_stay_out_of_the_log() -> None:
    lines = {
        "POST /status/shop/unsubscribe/abc.def/": "POST /status/shop/unsubscribe/[redacted]/",
        "GET /status/shop/manage/abc.def/": "GET /status/shop/manage/[redacted]/",
        "GET /a/123.x.y/": "GET /a/[redacted]/",
        f"GET {PAGE}?address=a%40example.net&x=1": f"GET {PAGE}?address=[redacted]&x=1",
    }
    assert {line: redact_text(line) for line in lines} == lines
