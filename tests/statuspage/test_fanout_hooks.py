"""Webhooks as receivers of Statuspage's know them, signed; Slack and Teams; and hooks that fail."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import time_machine
from standardwebhooks import Webhook

from core.crypto import seal
from notifications.actions.webhooks import new_secret
from statuspage.actions import set_component_status
from statuspage.fanout import outcomes
from statuspage.models import StatusPage, Subscriber
from tests.notifications.support import hook_server
from tests.statuspage.subscribing import browser, messages, subscriber, work
from tests.statuspage.support import make_page, part, say, tell
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)
SECRET = new_secret()
STAMP = "2026-11-20T03:00:00.000Z"
EVIL = "<!channel> @here [x](https://evil.example) *bold*"


@pytest.fixture(autouse=True)
def _local(settings: Any) -> None:
    """Hooks may go to this machine, on any port."""
    settings.WEBHOOK_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.WEBHOOK_ALLOWED_PORTS = ((1, 65535),)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def shop(world: World) -> StatusPage:
    return make_page(world, parts=("Website",))


def hook(shop: StatusPage, server: Any, kind: str = "webhook", **fields: Any) -> Subscriber:
    url = f"http://127.0.0.1:{server.server_port}/in"
    return subscriber(shop, url, kind=kind, secret=seal(SECRET) if kind == "webhook" else "", **fields)


def test_a_notice_reaches_a_webhook_in_the_known_shape(world: World, shop: StatusPage) -> None:
    with hook_server() as server, time_machine.travel(NOW, tick=False):
        row = hook(shop, server)
        notice = tell(world, shop, statuses={part(shop).pk: "major_outage"})
        work()
        bodies = [Webhook(SECRET).verify(body, headers) for headers, _path, body in server.calls]
    assert [sorted(body) for body in bodies] == [
        ["component", "component_update", "meta", "page"],
        ["incident", "meta", "page"],
    ]
    web, update = part(shop), notice.updates.get()
    stop = bodies[0]["meta"]["unsubscribe"]
    page = {
        "id": shop.public_id,
        "status_indicator": "critical",
        "status_description": "Major Service Outage",
    }
    meta = {
        "unsubscribe": stop,
        "documentation": "http://127.0.0.1:8000/api/docs/",
        "generated_at": STAMP,
    }
    assert bodies[0] == {
        "meta": meta,
        "page": page,
        "component_update": {
            "id": bodies[0]["component_update"]["id"],
            "created_at": STAMP,
            "new_status": "major_outage",
            "old_status": "operational",
            "component_id": web.public_id,
        },
        "component": {
            "id": web.public_id,
            "name": "Website",
            "status": "major_outage",
            "created_at": bodies[0]["component"]["created_at"],
        },
    }
    assert bodies[1] == {"meta": meta, "page": page, "incident": _incident(shop, notice, update, web)}
    ids = {headers["webhook-id"] for headers, _path, _body in server.calls}
    assert len(ids) == 2
    assert browser().post("/" + stop.split("/", 3)[3]).status_code == 200
    row.refresh_from_db()
    assert row.state == "ended"


def _incident(shop: StatusPage, notice: Any, update: Any, web: Any) -> dict[str, Any]:
    base = "http://127.0.0.1:8000/status/shop/"
    told = {
        "id": notice.public_id,
        "organization_id": shop.public_id,
        "name": "Orders fail",
        "status": "investigating",
        "impact": "critical",
        "backfilled": False,
        "created_at": STAMP,
        "updated_at": STAMP,
        "shortlink": f"{base}incidents/{notice.public_id}/",
        "scheduled_remind_prior": False,
        "scheduled_auto_in_progress": False,
        "scheduled_auto_completed": False,
        "postmortem_ignored": False,
        "postmortem_notified_subscribers": False,
        "postmortem_notified_twitter": False,
        "components": [{"id": web.public_id, "name": "Website", "status": "major_outage"}],
        "incident_updates": [
            {
                "id": update.public_id,
                "status": "investigating",
                "body": "We look into it.",
                "incident_id": notice.public_id,
                "created_at": STAMP,
                "updated_at": STAMP,
                "display_at": STAMP,
                "affected_components": [
                    {
                        "code": web.public_id,
                        "name": "Website",
                        "old_status": "operational",
                        "new_status": "major_outage",
                    }
                ],
                "deliver_notifications": True,
                "custom_tweet": None,
                "tweet_id": None,
            }
        ],
    }
    empty = (
        *("impact_override", "monitoring_at", "resolved_at", "scheduled_for", "scheduled_until"),
        *("scheduled_reminded_at", "postmortem_body", "postmortem_body_last_updated_at"),
        "postmortem_published_at",
    )
    return {**told, **dict.fromkeys(empty)}


def test_the_signature_is_this_subscribers_own(world: World, shop: StatusPage) -> None:
    with hook_server() as server:
        hook(shop, server)
        tell(world, shop)
        work()
    headers, _path, body = server.calls[0]
    for secret, given in ((new_secret(), body), (SECRET, body + b" ")):
        with pytest.raises(Exception, match="No matching signature"):
            Webhook(secret).verify(given, headers)
    assert "cookie" not in {name.lower() for name in headers}


def test_words_that_wait_for_approval_are_not_told(world: World, shop: StatusPage) -> None:
    notice = tell(world, shop)
    with hook_server() as server:
        hook(shop, server)
        StatusPage.objects.filter(pk=shop.pk).update(needs_approval=True)
        say(world, notice, "Not looked at yet.")
        say(world, notice, "Looked at.", by="ada")
        work()
    [incident] = [json.loads(body)["incident"] for _headers, _path, body in server.calls]
    assert [each["body"] for each in incident["incident_updates"]] == ["Looked at.", "We look into it."]


def test_slack_can_mention_nobody(world: World, shop: StatusPage) -> None:
    with hook_server() as server:
        hook(shop, server, "slack")
        tell(world, shop, title=EVIL, body=EVIL)
        set_component_status(actor=world.actor("bo"), component_id=part(shop).pk, status="major_outage")
        work()
    [(headers, _path, raw)] = server.calls
    body = json.loads(raw)
    assert "webhook-signature" not in headers
    assert body["text"].startswith("[Shop] Investigating: &lt;!channel&gt; @\u200bhere")
    kinds = [block["type"] for block in body["blocks"]]
    assert kinds == ["section", "actions", "context"]
    assert body["blocks"][0]["text"]["verbatim"] is True
    assert b"<!channel>" not in raw
    assert body["link_names"] is False


def test_teams_gets_a_card_that_formats_nothing(world: World, shop: StatusPage) -> None:
    with hook_server() as server:
        hook(shop, server, "teams")
        notice = tell(world, shop, title=EVIL, body=EVIL)
        work()
    body = json.loads(server.calls[0][2])
    [attachment] = body["attachments"]
    card = attachment["content"]
    assert (body["type"], attachment["contentType"], card["type"], card["version"]) == (
        "message",
        "application/vnd.microsoft.card.adaptive",
        "AdaptiveCard",
        "1.4",
    )
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert card["body"][2]["inlines"] == [{"type": "TextRun", "text": EVIL}]
    assert card["actions"][0]["url"].endswith(f"/status/shop/incidents/{notice.public_id}/")


def test_a_hook_that_fails_ten_times_is_paused(world: World, shop: StatusPage) -> None:
    answers = [(503, {}, b""), (302, {"Location": "/x"}, b""), (404, {}, b""), *[(500, {}, b"")] * 20]
    with hook_server(answers) as server, time_machine.travel(NOW) as clock:
        row = hook(shop, server)
        notice = tell(world, shop)
        say(world, notice)
        for attempt in range(12):
            work()
            clock.shift(min(10 * 3**attempt, 6 * 3600) + 1)
    row.refresh_from_db()
    assert (row.state, row.failures, len(server.calls)) == ("quarantined", 10, 10)
    assert len({headers["webhook-id"] for headers, _path, _body in server.calls}) == 1
    assert "answered HTTP 500" in row.last_error
    assert messages("state") == ["dropped", "dropped"]


def test_success_forgets_failures_and_lets_the_rest_go(world: World, shop: StatusPage) -> None:
    with hook_server([(500, {"Retry-After": "900"}, b"")]) as server, time_machine.travel(NOW) as clock:
        row = hook(shop, server)
        tell(world, shop)
        work()
        row.refresh_from_db()
        assert (row.failures, row.state, len(server.calls)) == (1, "active", 1)
        clock.shift(60)
        work()
        assert len(server.calls) == 1
        tell(world, shop, title="Another")
        work()
        assert len(server.calls) == 3
    row.refresh_from_db()
    assert (row.failures, row.last_error, messages("state")) == (0, "", ["sent", "sent"])


def test_gone_is_gone_and_forbidden_addresses_are_not_called(
    world: World, shop: StatusPage, settings: Any
) -> None:
    with hook_server([(410, {}, b"")]) as server:
        gone = hook(shop, server)
        tell(world, shop)
        work()
        gone.refresh_from_db()
        assert (gone.state, messages("state")) == ("quarantined", ["failed"])
        settings.WEBHOOK_ALLOWED_NETWORKS = ()
        inner = subscriber(shop, "http://127.0.0.1:8080/", kind="slack")
        tell(world, shop, title="Another")
        work()
        inner.refresh_from_db()
        assert (len(server.calls), inner.failures, inner.state) == (1, 1, "active")
        assert "private network" in inner.last_error


def test_hooks_are_tried_for_two_days(world: World, shop: StatusPage) -> None:
    with hook_server([(500, {}, b"")] * 99) as server, time_machine.travel(NOW) as clock:
        row = hook(shop, server)
        tell(world, shop)
        work()
        clock.shift(dt.timedelta(hours=49))
        work()
        row.refresh_from_db()
    assert (messages("state"), len(server.calls), row.state) == (["failed"], 1, "active")


def test_the_pauses_between_attempts() -> None:
    hooks = [outcomes.pause(number, mail=False).total_seconds() for number in range(1, 10)]
    letters = [outcomes.pause(number, mail=True).total_seconds() for number in range(1, 10)]
    assert 7 <= hooks[0] <= 10 and 16_000 < hooks[-1] <= 21_600
    assert 22 <= letters[0] <= 30 and 2_700 <= letters[-1] <= 3_600
    # Ten attempts take the better part of a day: who is down for an hour is not paused.
    assert 8 * 3600 < sum(hooks) < 24 * 3600
    assert outcomes.pause(1, mail=False, retry_after=99).total_seconds() == 99
