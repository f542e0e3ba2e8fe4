"""Slack: what is posted, how refusals count, what a button does."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client

from notifications import links
from notifications.actions import contacts
from notifications.models import ContactMethod, Delivery, NotificationRule, ProviderAccount, ProviderEvent
from notifications.sending import send_due
from notifications.transports.slack.blocks import escaped
from teams.models import User
from tests.factories import actor_of, make_user
from tests.notifications.providers import BOT, MEMBER, SIGNING, Api, FakePort, method
from tests.notifications.support import NOW, page

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


def messaged(user: User, **fields: Any) -> Delivery:
    NotificationRule.objects.create(user=user, urgency="high", method=method(user, "slack", MEMBER))
    page(user.pk, **fields)
    send_due()
    return Delivery.objects.get(channel="slack")


def press(
    row: Delivery | None,
    server: Api,
    action: str = "acknowledge",
    *,
    member: str = MEMBER,
    secret: str = SIGNING,
    at: int = 0,
    value: str = "",
    url: str = "",
    stamp: str = "1795143600.123",
) -> int:
    """A press of a button as Slack sends and signs it: written out again here, by its documentation."""
    told = {
        "type": "block_actions",
        "user": {"id": member},
        "trigger_id": "1.2",
        "response_url": url or f"{server.base}/actions/T1/2/x",
        "actions": [
            {
                "action_id": action,
                "value": value or (links.callback_token(row.pk) if row else ""),
                "action_ts": stamp,
            }
        ],
    }
    return signed(urlencode({"payload": json.dumps(told)}).encode(), secret, at)


def signed(body: bytes, secret: str = SIGNING, at: int = 0) -> int:
    moment = str(at or int(NOW.timestamp()))
    mac = hmac.new(secret.encode(), f"v0:{moment}:".encode() + body, hashlib.sha256).hexdigest()
    visitor = Client(enforce_csrf_checks=True)
    headers = {"X-Slack-Signature": f"v0={mac}", "X-Slack-Request-Timestamp": moment}
    return visitor.post(
        "/callbacks/slack/", body, content_type="application/x-www-form-urlencoded", headers=headers
    ).status_code


def test_a_page_becomes_a_message_with_buttons(clock: Clock, slack: Api, port: FakePort) -> None:
    row = messaged(make_user("Ada"), title="<!channel> @here & <http://evil|x>")
    (call,) = slack.calls
    assert (call.method, call.path) == ("POST", "/api/chat.postMessage")
    assert call.headers["Authorization"] == f"Bearer {BOT}"
    told = call.json
    title = "&lt;!channel&gt; @\u200bhere &amp; &lt;http://evil|x&gt;"
    assert (told["channel"], told["text"]) == (MEMBER, f"Urgent page: {title}")
    section, actions = told["blocks"]
    assert section["text"] == {
        "type": "mrkdwn",
        "text": f"*Urgent page: {title}*\nCard payments fail in the EU.",
        "verbatim": True,
    }
    token = links.callback_token(row.pk)
    assert [(b["action_id"], b.get("value"), b.get("url")) for b in actions["elements"]] == [
        ("acknowledge", token, None),
        ("decline", token, None),
        ("open", None, "http://127.0.0.1:8000/incidents/42/"),
    ]
    assert (row.status, row.provider_id[:10], row.address_hint) == ("sent", "D024BE91L:", "U0…D9")


@pytest.mark.parametrize(
    ("status", "error", "outcome", "account"),
    [
        (200, "channel_not_found", "failed", False),
        (200, "user_not_found", "failed", False),
        (200, "account_inactive", "failed", False),
        (200, "msg_too_long", "failed", False),
        (200, "invalid_auth", "pending", True),
        (200, "token_revoked", "pending", True),
        (200, "ratelimited", "pending", False),
        (429, "", "pending", False),
        (503, "", "pending", False),
        (404, "", "pending", True),
    ],
)
def test_refusals_count_by_whose_fault_they_are(
    clock: Clock, slack: Api, port: FakePort, status: int, error: str, outcome: str, account: bool
) -> None:
    slack.answers = [(status, {"Retry-After": "45"}, {"ok": False, "error": error})]
    row = messaged(make_user("Ada"))
    assert row.status == outcome
    assert bool(ProviderAccount.objects.get().failure) is account
    assert BOT not in row.error + ProviderAccount.objects.get().failure
    if status == 429:
        assert (row.due_at - NOW).total_seconds() == 45


def test_a_button_acts_once_as_the_person_and_the_message_changes(
    clock: Clock, slack: Api, port: FakePort
) -> None:
    ada = make_user("Ada")
    row = messaged(ada)
    assert (press(row, slack), press(row, slack)) == (200, 200)
    assert port.calls == [("acknowledge", "incident:42", ada.pk, "slack")]
    update = slack.calls[1]
    assert update.path == "/actions/T1/2/x"
    assert "Authorization" not in update.headers
    assert update.json["replace_original"] is True
    assert update.json["text"] == "*#42 Payments &lt;failing&gt;*\nDone: acknowledge."
    assert press(row, slack, "decline", stamp="1795143601.1") == 200
    assert [call[0] for call in port.calls] == ["acknowledge", "decline"]
    assert press(row, slack, "open", stamp="3") == 200
    assert len(port.calls) == 2


def test_only_the_member_it_was_sent_to_acts(clock: Clock, slack: Api, port: FakePort) -> None:
    row = messaged(make_user("Ada"))
    other = make_user("Bo")
    method(other, "slack", "U0123OTHER")
    assert press(row, slack, member="U0123OTHER") == 200
    assert press(row, slack, member="") == 200
    assert press(row, slack, value="1.forged") == 200
    assert press(None, slack, value=links.callback_token(row.pk + 1)) == 200
    ContactMethod.objects.filter(address=MEMBER).delete()
    assert press(row, slack) == 200
    assert port.calls == []


def test_forged_old_and_odd_requests(clock: Clock, slack: Api, port: FakePort) -> None:
    row = messaged(make_user("Ada"))
    moment = int(NOW.timestamp())
    assert press(row, slack, secret="0" * 32) == 403
    assert (press(row, slack, at=moment - 301), press(row, slack, at=moment + 301)) == (403, 403)
    assert Client().post("/callbacks/slack/", {"payload": "{}"}).status_code == 403
    headers = {"X-Slack-Signature": "v0=\xe9", "X-Slack-Request-Timestamp": "x" * 50}
    assert Client().post("/callbacks/slack/", {"payload": "{}"}, headers=headers).status_code == 403
    for body in (b"", b"payload=", b"payload=[]", b"payload=%7B%7D", b"payload=" + b"[" * 5000):
        assert signed(body) == 400, body[:20]
    strange = urlencode({"payload": json.dumps({"type": "block_actions", "user": 1, "actions": 2})}).encode()
    assert signed(strange) == 400
    assert signed(urlencode({"payload": json.dumps({"type": "view_submission"})}).encode()) == 200
    ProviderAccount.objects.update(enabled=False)
    assert press(row, slack) == 403
    assert (port.calls, ProviderEvent.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://hooks.slack.com/x",
        "https://hooks.slack.com.evil.example/",
        "file:///x",
    ]
    + ["https://x@evil.example/", "https://hooks.slack.com@evil.example/", "nonsense", "http://[::1"],
)
def test_the_answer_goes_to_slack_alone_and_the_acknowledge_counts_anyway(
    clock: Clock, slack: Api, port: FakePort, url: str
) -> None:
    row = messaged(make_user("Ada"))
    assert press(row, slack, url=url) == 200
    assert (len(port.calls), len(slack.calls)) == (1, 1)


def test_a_member_is_proven_by_a_code_in_a_message(clock: Clock, slack: Api) -> None:
    ada = make_user("Ada")
    found, _secret = contacts.add_method(
        actor=actor_of(ada), user_id=ada.pk, channel="slack", address=MEMBER.lower(), now=NOW
    )
    send_due()
    code = re.findall(r"code: (\d{6})", slack.calls[0].json["text"])[0]
    assert contacts.verify(actor=actor_of(ada), method_id=found.pk, code=code, now=NOW).usable


def test_mentions_are_words() -> None:
    assert escaped("<@U1> <!here> @everyone & co") == ("&lt;@U1&gt; &lt;!here&gt; @\u200beveryone &amp; co")
