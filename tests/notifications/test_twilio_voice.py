"""Calls by Twilio: what is asked for, what is said, what a key does."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
import time_machine
from django.test import Client

from notifications import links
from notifications.actions import contacts
from notifications.models import Delivery, NotificationRule, ProviderAccount
from notifications.sending import send_due
from teams.models import User
from tests.factories import actor_of, make_user
from tests.notifications.providers import (
    FROM,
    NUMBER,
    SID,
    TOKEN,
    Api,
    FakePort,
    method,
    path_of,
    set_up,
    twilio_post,
)
from tests.notifications.support import NOW, page

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


def called(user: User, title: str = "Payments failing") -> Delivery:
    NotificationRule.objects.create(user=user, urgency="high", method=method(user, "voice"))
    page(user.pk, title=title)
    send_due()
    return Delivery.objects.get(channel="voice")


def fetched(path: str, **form: str) -> ET.Element:
    answer = twilio_post(path, CallSid="CA1", **form)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml; charset=utf-8")
    return ET.fromstring(answer.content)


def spoken(document: ET.Element) -> str:
    return " ".join(each.text or "" for each in document.iter("Say"))


def test_a_page_becomes_a_call(clock: Clock, twilio: Api, port: FakePort) -> None:
    row = called(make_user("Ada"))
    (call,) = twilio.calls
    assert (call.method, call.path) == ("POST", f"/2010-04-01/Accounts/{SID}/Calls.json")
    token = links.callback_token(row.pk)
    assert call.form == {
        "To": [NUMBER],
        "From": [FROM],
        "Url": [f"http://127.0.0.1:8000/callbacks/twilio/voice/{token}/?turn=1"],
        "Method": ["POST"],
        "StatusCallback": [f"http://127.0.0.1:8000/callbacks/twilio/status/{token}/"],
        "StatusCallbackMethod": ["POST"],
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
        "Timeout": ["30"],
    }
    assert (row.status, row.provider_id[:2]) == ("sent", "CA")


def test_it_says_what_it_is_about_three_times_and_then_how_else(
    clock: Clock, twilio: Api, port: FakePort
) -> None:
    row = called(make_user("Ada"), title='Payments <Hangup/> & "more"')
    path = links.twilio_voice_path(row.pk)
    for turn in (1, 2, 3):
        document = fetched(path)
        gather, redirect = document.find("Gather"), document.find("Redirect")
        assert gather is not None
        assert redirect is not None
        assert (gather.get("numDigits"), gather.get("method")) == ("1", "POST")
        assert f"turn={turn}" in (gather.get("action") or "")
        assert spoken(document) == (
            'This is Watchbill. Urgent page for Ada: Payments <Hangup/> & "more". '
            "Press 4 to acknowledge, 6 to resolve, 8 if you cannot take it."
        )
        assert document.find("Hangup") is None
        path = path_of(redirect.text or "")
    last = fetched(path)
    assert "Open Watchbill" in spoken(last)
    assert [each.tag for each in last] == ["Say", "Hangup"]
    assert fetched(f"{path.partition('?')[0]}?turn=99").find("Gather") is not None
    assert port.calls == []


@pytest.mark.parametrize(("key", "verb"), [("4", "acknowledge"), ("6", "resolve"), ("8", "decline")])
def test_a_key_answers_once_and_is_answered_aloud(
    clock: Clock, twilio: Api, port: FakePort, key: str, verb: str
) -> None:
    ada = make_user("Ada")
    row = called(ada)
    path = links.twilio_digit_path(row.pk, 1)
    first = spoken(fetched(path, Digits=key))
    assert first == (f"Done: {verb}." if key != "8" else "The next person is paged.")
    assert spoken(fetched(path, Digits=key)) == first
    assert port.calls == [(verb, "incident:42", ada.pk, "voice")]


@pytest.mark.parametrize("key", ["1", "", "#", "44", "٤"])
def test_any_other_key_repeats(clock: Clock, twilio: Api, port: FakePort, key: str) -> None:
    row = called(make_user("Ada"))
    again = fetched(links.twilio_digit_path(row.pk, 1), Digits=key)
    gather = again.find("Gather")
    assert gather is not None
    assert "turn=2" in (gather.get("action") or "")
    assert fetched(links.twilio_digit_path(row.pk, 3), Digits=key).find("Gather") is None
    assert port.calls == []


def test_who_picks_up_after_somebody_else_answered_is_told_so(
    clock: Clock, twilio: Api, port: FakePort
) -> None:
    row = called(make_user("Ada"))
    port.settled["incident:42"] = "acknowledge"
    document = fetched(links.twilio_voice_path(row.pk))
    assert spoken(document).endswith("Payments failing. State: acknowledge.")
    assert document.find("Gather") is None


def test_a_code_is_read_out_twice(clock: Clock, twilio: Api, port: FakePort) -> None:
    ada = make_user("Ada")
    found, _secret = contacts.add_method(
        actor=actor_of(ada), user_id=ada.pk, channel="voice", address=NUMBER, now=NOW
    )
    send_due()
    document = fetched(path_of(twilio.calls[0].form["Url"][0]))
    says = [each.text or "" for each in document.iter("Say")]
    codes = ["".join(letter for letter in text if letter.isdigit()) for text in says]
    assert (len(codes[0]), codes[0]) == (6, codes[1])
    assert ". ".join(codes[0]) in says[0]
    assert contacts.verify(actor=actor_of(ada), method_id=found.pk, code=codes[0], now=NOW).usable


def test_a_test_call_says_what_it_is(clock: Clock, twilio: Api, port: FakePort) -> None:
    ada = make_user("Ada")
    found = method(ada, "voice")
    contacts.send_test(actor=actor_of(ada), method_id=found.pk, now=NOW)
    send_due()
    document = fetched(path_of(twilio.calls[0].form["Url"][0]))
    assert "Nothing is wrong." in spoken(document)
    assert document.find("Gather") is None


def test_without_a_number_to_call_from_it_is_not_offered(clock: Clock, twilio: Api, port: FakePort) -> None:
    service = "MG" + "0" * 32
    set_up("twilio", account_sid=SID, auth_token=TOKEN, messaging_service_sid=service, api_base=twilio.base)
    row = called(make_user("Ada"))
    assert (row.status, row.error) == ("pending", "Twilio has no number to call from.")
    assert twilio.calls == []


def test_forged_and_foreign_calls_hear_nothing(clock: Clock, twilio: Api, port: FakePort) -> None:
    row = called(make_user("Ada"))
    for path in (links.twilio_voice_path(row.pk), links.twilio_digit_path(row.pk, 1)):
        assert Client().post(path, {"Digits": "4"}).status_code == 403
        assert Client().get(path).status_code in (403, 405)
        assert twilio_post(path, token="0" * 32, Digits="4").status_code == 403
        # The query is part of what is signed.
        assert twilio_post(path.replace("turn=1", "turn=2"), base="http://x.example").status_code == 403
    assert twilio_post(links.twilio_voice_path(row.pk + 1), CallSid="CA1").status_code == 404
    User.objects.update(is_active=False)
    assert twilio_post(links.twilio_voice_path(row.pk), CallSid="CA1").status_code == 404
    ProviderAccount.objects.all().delete()
    assert twilio_post(links.twilio_voice_path(row.pk), CallSid="CA1").status_code == 403
    assert port.calls == []
