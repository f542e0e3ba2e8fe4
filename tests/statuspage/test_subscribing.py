"""Subscribing in public: one answer for everybody, links that work without a session, and nothing by looking."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.test import Client

from core.crypto import unseal
from notifications.models import CapturedMail
from statuspage.actions.subscribers import end
from statuspage.choices import SubscriberState
from statuspage.models import StatusPage, Subscriber
from statuspage.subscribers import links
from tests.statuspage.subscribing import ORIGIN, browser, link_in, mails, messages, subscriber, work
from tests.statuspage.support import make_page, part, say, tell
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)
NEUTRAL = "If the address is right, a mail with a link is on its way."


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def shop(world: World) -> StatusPage:
    return make_page(world, parts=("Website", "API"))


def ask(page: StatusPage, client: Client | None = None, query: str = "", **fields: Any) -> Any:
    data = {"kind": "email", "email": "ada@example.net", "token": links.form_token(page), **fields}
    url = f"/status/{page.slug}/subscribe/{query}"
    return (client or browser()).post(url, data, headers={"origin": ORIGIN})


def state_of(row: Subscriber) -> str:
    row.refresh_from_db()
    return row.state


def test_from_the_form_to_the_first_mail_and_out_again(world: World, shop: StatusPage) -> None:
    client = browser()
    shown = client.get("/status/shop/subscribe/")
    token = re.search(r'name="token" value="([^"]+)"', shown.content.decode())
    assert (shown.status_code, shown["Cache-Control"], token is not None) == (200, "no-store", True)
    assert shown.cookies == {}
    answer = ask(shop, client, token=token[1] if token else "", components=[part(shop).public_id])
    assert (answer.status_code, answer.cookies, NEUTRAL in answer.content.decode()) == (200, {}, True)
    row = Subscriber.objects.get()
    assert (row.state, unseal(row.address), [c.name for c in row.components.all()]) == (
        "pending",
        "ada@example.net",
        ["Website"],
    )
    tell(world, shop)
    work()
    [question] = mails()
    assert question.recipient == "ada@example.net"
    assert "List-Unsubscribe" not in question.headers
    path = link_in(question, "confirm")
    for _again in range(2):
        looked = browser().get(path)
        assert (looked.status_code, state_of(row)) == (200, "pending")
    assert "a…@example.net" in looked.content.decode()
    assert browser().post(path).status_code == 200
    assert browser().post(path).status_code == 200
    assert state_of(row) == "active"
    tell(world, shop, title="Search is slow")
    work()
    update = mails()[1]
    assert (len(mails()), update.subject) == (2, "[Shop] Investigating: Search is slow")
    stop = link_in(update, "unsubscribe")
    assert browser().get(stop).status_code == 200
    assert state_of(row) == "active"
    for _again in range(2):
        gone = browser().post(stop, {"List-Unsubscribe": "One-Click"})
        assert (gone.status_code, gone.cookies, state_of(row)) == (200, {}, "ended")


def test_the_answer_does_not_tell_who_is_known(shop: StatusPage) -> None:
    subscriber(shop, "known@example.net")
    ended = subscriber(shop, "ended@example.net", state=SubscriberState.ENDED)
    subscriber(shop, "bounced@example.net", state=SubscriberState.BOUNCED)
    names = ("known", "ended", "bounced", "new")
    found = {name: ask(shop, email=f"{name}@example.net") for name in names}
    assert len({(answer.status_code, answer.content) for answer in found.values()}) == 1
    work()
    assert {mail.recipient: mail.subject for mail in mails()} == {
        "known@example.net": "Your subscription to Shop",
        "ended@example.net": "Please confirm: updates of Shop",
        "bounced@example.net": "Please confirm: updates of Shop",
        "new@example.net": "Please confirm: updates of Shop",
    }
    assert state_of(ended) == "pending"
    assert Subscriber.objects.count() == 4


def test_nothing_is_done_for_machines_strangers_and_old_forms(shop: StatusPage) -> None:
    trapped = ask(shop, website="https://spam.example")
    foreign = browser().post(
        "/status/shop/subscribe/",
        {"email": "ada@example.net", "token": links.form_token(shop)},
        headers={"origin": "https://evil.example"},
    )
    odd = browser().post(
        "/status/shop/subscribe/",
        {"email": "ada@example.net", "token": links.form_token(shop)},
        headers={"origin": "http://["},
    )
    forged = ask(shop, token=links.form_token(shop)[:-2] + "xx")
    with time_machine.travel(NOW - dt.timedelta(days=2)):
        old = links.form_token(shop)
    with time_machine.travel(NOW):
        stale = ask(shop, token=old)
    wrong = [
        ask(shop, email=email) for email in ("", "x", "a@b", "a\0@example.net", "a@x.net\r\nBcc: b@x.net")
    ]
    assert (trapped.status_code, NEUTRAL in trapped.content.decode()) == (200, True)
    assert {answer.status_code for answer in (foreign, odd, forged, stale, *wrong)} == {422}
    assert (Subscriber.objects.count(), messages("pk")) == (0, [])


def test_a_network_is_told_to_wait_and_an_address_silently_left_alone(shop: StatusPage) -> None:
    client = browser()
    codes = [ask(shop, client, email=f"n{number}@example.net").status_code for number in range(7)]
    assert codes == [200] * 6 + [429]
    for _time in range(5):
        assert ask(shop, email="Same@Example.net").status_code == 200
        work()
    assert [mail.recipient for mail in mails()].count("Same@Example.net") == 3


def test_links_that_are_not_ours(world: World, shop: StatusPage) -> None:
    other = make_page(world, "other")
    row = subscriber(shop)
    stop = links.unsubscribe_url(shop, row).removeprefix(ORIGIN)
    token = stop.split("/")[-2]
    swapped = {
        f"/status/other/unsubscribe/{token}/",
        f"/status/shop/manage/{token}/",
        f"/status/shop/confirm/{token}/",
        f"/status/shop/unsubscribe/{token[:-1]}/",
        f"/status/shop/unsubscribe/{row.public_id}/",
        "/status/shop/unsubscribe/x/",
        f"/status/nothing/unsubscribe/{token}/",
    }
    assert {browser().post(path).status_code for path in swapped} == {404}
    assert state_of(row) == "active"
    row.delete()
    assert browser().post(stop).status_code == 200
    other.delete()
    shop.delete()
    assert browser().post(stop).status_code == 404


def test_the_link_to_confirm_works_for_three_days_and_not_after_the_end(shop: StatusPage) -> None:
    with time_machine.travel(NOW) as traveller:
        row = subscriber(shop, state=SubscriberState.PENDING)
        path = links.confirm_url(shop, row).removeprefix(ORIGIN)
        traveller.move_to(NOW + dt.timedelta(days=3, minutes=1))
        assert (browser().post(path).status_code, state_of(row)) == (410, "pending")
        traveller.move_to(NOW + dt.timedelta(days=2))
        end(page=shop, public_id=row.public_id)
        assert (browser().post(path).status_code, state_of(row)) == (410, "ended")


def test_choices_are_changed_by_the_link(world: World, shop: StatusPage) -> None:
    shop.languages = ["en", "de"]
    shop.save()
    other = make_page(world, "other", parts=("Elsewhere",))
    row = subscriber(shop)
    path = links.manage_url(shop, row).removeprefix(ORIGIN)
    assert browser().get(path).status_code == 200
    api = part(shop, "API").public_id
    assert browser().post(path, {"components": [api], "language": "de"}).status_code == 200
    row.refresh_from_db()
    assert ([c.name for c in row.components.all()], row.language) == (["API"], "de")
    foreign = part(other, "Elsewhere").public_id
    assert browser().post(path, {"components": [foreign], "language": "de"}).status_code == 422
    Subscriber.objects.filter(pk=row.pk).update(state="quarantined", failures=10, last_error="It is down.")
    assert "It is down." in browser().get(path).content.decode()
    assert browser().post(path, {"op": "resume"}).status_code == 200
    row.refresh_from_db()
    assert (row.state, row.failures, row.last_error) == ("active", 0, "")


def test_one_notice_until_it_is_over(world: World, shop: StatusPage) -> None:
    notice = tell(world, shop)
    assert ask(shop, query=f"?notice={notice.public_id}").status_code == 200
    for missing in ("?notice=aaaaaaaaaaaa", "?notice=%00", "?notice=../x"):
        assert browser().get(f"/status/shop/subscribe/{missing}").status_code == 404
    row = Subscriber.objects.get()
    work()
    browser().post(link_in(mails()[0], "confirm"))
    tell(world, shop, title="Another one")
    say(world, notice, status="identified")
    work()
    say(world, notice, status="resolved")
    work()
    assert [mail.subject for mail in mails()[1:]] == [
        "[Shop] Identified: Orders fail",
        "[Shop] Resolved: Orders fail",
    ]
    assert state_of(row) == "ended"


def test_a_webhook_is_confirmed_by_mail_and_its_secret_shown_once(shop: StatusPage) -> None:
    for url in ("", "ftp://x.example/", "https://user:pw@x.example/", "https://x.example:22/"):
        assert ask(shop, kind="webhook", url=url).status_code == 422
    assert ask(shop, kind="webhook", url="https://hooks.example/in").status_code == 200
    row = Subscriber.objects.get()
    assert (row.kind, unseal(row.address), unseal(row.contact)) == (
        "webhook",
        "https://hooks.example/in",
        "ada@example.net",
    )
    work()
    [mail] = mails()
    assert (mail.recipient, "https://hooks.example/in" in mail.text) == ("ada@example.net", True)
    confirmed = browser().post(link_in(mail, "confirm")).content.decode()
    row.refresh_from_db()
    assert unseal(row.secret) in confirmed
    assert unseal(row.secret) not in browser().post(link_in(mail, "confirm")).content.decode()


def test_json_as_clients_of_the_format_send_it(shop: StatusPage) -> None:
    subscriber(shop, "known@example.net")
    url = "/status/shop/api/v2/subscribers.json"

    def post(body: Any, kind: str = "application/json") -> Any:
        return browser().post(url, body, content_type=kind, headers={"origin": "https://elsewhere.example"})

    new, known = (post({"subscriber": {"email": f"{name}@example.net"}}) for name in ("new", "known"))
    assert (new.status_code, known.status_code) == (201, 201)
    assert new.headers["Access-Control-Allow-Origin"] == "*"
    assert new.json() == {
        "page": {**known.json()["page"]},
        "subscriber": {"mode": "email", "email": "new@example.net", "quarantined_at": None},
    }
    assert list(new.json()["page"]) == ["id", "name", "url", "time_zone", "updated_at"]
    form = post("subscriber[email]=form@example.net", "application/x-www-form-urlencoded")
    bodies: list[Any] = ["[]", "{", {"subscriber": 1}, {"subscriber": {}}, {"subscriber": {"email": ["x"]}}]
    refused = [post(body) for body in bodies]
    refused.append(post({"subscriber": {"email": "a@example.net", "component_ids": ["zzzzzzzzzzzz"]}}))
    refused.append(post({"subscriber": {"email": "a@example.net", "component_ids": "x\0"}}))
    assert (form.status_code, {answer.status_code for answer in refused}) == (201, {422})
    preflight = browser().options(url)
    assert (preflight.status_code, preflight["Access-Control-Allow-Headers"]) == (204, "content-type")
    assert browser().get(url).status_code == 405
    work()
    assert sorted(mail.recipient for mail in mails()) == [
        "form@example.net",
        "known@example.net",
        "new@example.net",
    ]
    assert new.cookies == {}


def test_pages_that_take_nobody_or_are_not_for_everybody(shop: StatusPage) -> None:
    row = subscriber(shop)
    stop = links.unsubscribe_url(shop, row).removeprefix(ORIGIN)
    StatusPage.objects.filter(pk=shop.pk).update(access="signed_in")
    assert browser().get("/status/shop/subscribe/").status_code == 404
    assert ask(shop).status_code == 404
    assert browser().post("/status/shop/api/v2/subscribers.json", {}).status_code == 404
    StatusPage.objects.filter(pk=shop.pk).update(access="public", takes_subscribers=False)
    assert browser().get("/status/shop/subscribe/").status_code == 404
    assert browser().post(stop).status_code == 200
    assert (state_of(row), CapturedMail.objects.count()) == ("ended", 0)


def test_words_in_the_language_of_the_page(shop: StatusPage) -> None:
    shop.languages = ["de", "en"]
    shop.save()
    assert 'lang="de"' in browser().get("/status/shop/subscribe/").content.decode()
    assert 'lang="en"' in browser().get("/status/shop/subscribe/?lang=en").content.decode()
    ask(shop, language="en")
    assert Subscriber.objects.get().language == "en"
