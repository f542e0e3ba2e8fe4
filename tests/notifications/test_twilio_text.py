"""Text messages by Twilio: what is sent, how refusals count, what an answer does."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine

from notifications.actions import contacts
from notifications.models import ContactMethod, Delivery, DeliveryAttempt, ProviderAccount, ProviderEvent
from notifications.sending import send_due
from notifications.transports.sms.segments import fitted, is_gsm, places, segments
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
    twilio_post,
)
from tests.notifications.support import NOW, page

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
TEXT = "/callbacks/twilio/text/"


def texted(user: User, subject: str = "incident:42", key: str = "1/0/0", **fields: Any) -> Delivery:
    """A page that has gone out to the person's number."""
    rule_for(user)
    page(user.pk, key=key, subject=subject, lane=f"svc:{key[0]}", **fields)
    send_due()
    return Delivery.objects.filter(channel="sms").latest("pk")


def rule_for(user: User) -> ContactMethod:
    from notifications.models import NotificationRule

    found = ContactMethod.objects.filter(user=user, channel="sms").first() or method(user, "sms")
    NotificationRule.objects.get_or_create(user=user, urgency="high", method=found)
    return found


def replied(text: str, sid: str = "SM1", number: str = NUMBER) -> str:
    answer = twilio_post(TEXT, From=number, Body=text, MessageSid=sid, To=FROM)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml; charset=utf-8")
    return answer.content.decode().removeprefix('<?xml version="1.0" encoding="UTF-8"?>')


def message(text: str) -> str:
    return f"<Response><Message>{text}</Message></Response>"


NOTHING = "<Response></Response>"


def test_a_page_becomes_one_text_with_a_callback_that_names_it(
    clock: Clock, twilio: Api, port: FakePort
) -> None:
    row = texted(make_user("Ada"))
    (call,) = twilio.calls
    assert (call.method, call.path) == ("POST", f"/2010-04-01/Accounts/{SID}/Messages.json")
    assert call.basic == f"{SID}:{TOKEN}"
    form = {name: values[0] for name, values in call.form.items()}
    callback = form.pop("StatusCallback")
    assert form == {
        "To": NUMBER,
        "From": FROM,
        "Body": "URGENT: Payments failing\n"
        "Reply 4 to acknowledge, 6 to resolve, 8 can't take it\n"
        "http://127.0.0.1:8000/incidents/42/",
    }
    assert re.fullmatch(rf"http://127\.0\.0\.1:8000/callbacks/twilio/status/{row.pk}\.[\w-]+/", callback)
    assert (row.status, row.provider_id[:2], row.address_hint) == ("sent", "SM", "+49…89")
    assert list(DeliveryAttempt.objects.values_list("outcome", "detail")) == [("accepted", "queued")]


def test_a_messaging_service_sends_in_place_of_the_number(clock: Clock, twilio: Api, port: FakePort) -> None:
    from tests.notifications.providers import set_up

    service = "MG" + "0" * 32
    set_up("twilio", account_sid=SID, auth_token=TOKEN, messaging_service_sid=service, api_base=twilio.base)
    twilio.answers = [(201, {}, {"sid": "SMx", "status": "accepted"})]
    texted(make_user("Ada"))
    assert twilio.calls[0].form.keys() == {"To", "MessagingServiceSid", "Body", "StatusCallback"}


@pytest.mark.parametrize(
    ("status", "code", "outcome", "account", "disabled"),
    [
        (400, 21211, ("failed", "refused"), False, False),
        (400, 21614, ("failed", "refused"), False, False),
        (400, 21610, ("failed", "refused"), False, True),
        (401, 20003, ("pending", "skipped"), True, False),
        (429, 20429, ("pending", "retry"), False, False),
        (500, 20500, ("pending", "retry"), False, False),
        (404, 20404, ("pending", "skipped"), True, False),
        (302, 0, ("pending", "skipped"), True, False),
    ],
)
def test_what_twilio_refuses_counts_by_whose_fault_it_is(
    clock: Clock,
    twilio: Api,
    port: FakePort,
    status: int,
    code: int,
    outcome: tuple[str, str],
    account: bool,
    disabled: bool,
) -> None:
    twilio.answers = [(status, {"Retry-After": "40"}, {"code": code, "message": "No."})]
    row = texted(make_user("Ada"))
    attempt = DeliveryAttempt.objects.get(delivery=row)
    assert (row.status, attempt.outcome) == outcome
    assert bool(ProviderAccount.objects.get().failure) is account
    assert (ContactMethod.objects.get(channel="sms").disabled_at is not None) is disabled
    if status == 429:
        assert (row.due_at - NOW).total_seconds() == 40
    texts = [attempt.detail, row.error, ProviderAccount.objects.get().failure]
    assert not any(TOKEN in text for text in texts)


def test_a_refused_account_is_forgotten_once_something_goes_out(
    clock: Clock, twilio: Api, port: FakePort
) -> None:
    twilio.answers = [(401, {}, {"code": 20003, "message": "Authenticate"})]
    row = texted(make_user("Ada"))
    assert "20003" in ProviderAccount.objects.get().failure
    clock.move_to(row.due_at)
    send_due()
    assert ProviderAccount.objects.get().failure == ""


def test_without_an_account_pages_go_another_way_and_nothing_breaks(clock: Clock, port: FakePort) -> None:
    row = texted(make_user("Ada"))
    assert (row.status, row.error) == ("pending", "Twilio is not set up.")
    assert Delivery.objects.exclude(channel="sms").filter(status="sent").exists()


def test_a_digit_answers_the_page_as_its_person(clock: Clock, twilio: Api, port: FakePort) -> None:
    ada = make_user("Ada")
    texted(ada)
    assert replied("4") == message("#42 Payments &lt;failing&gt;: Done: acknowledge.")
    assert port.calls == [("acknowledge", "incident:42", ada.pk, "sms")]
    # The same message delivered once more does nothing and is answered alike.
    assert replied("4") == message("#42 Payments &lt;failing&gt;: Done: acknowledge.")
    assert len(port.calls) == 1
    assert replied(" ACK ", sid="SM2") == message("#42 Payments &lt;failing&gt;: Already acknowledge.")


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("4", "acknowledge"),
        ("ok", "acknowledge"),
        ("6", "resolve"),
        ("Resolved!", "resolve"),
        ("8.", "decline"),
    ]
    + [("can't", "decline"), ("Ack", "acknowledge")],
)
def test_words_and_digits(clock: Clock, twilio: Api, port: FakePort, text: str, verb: str) -> None:
    texted(make_user("Ada"))
    replied(text)
    assert [call[0] for call in port.calls] == [verb]


def test_several_pages_at_one_number_are_told_apart_by_codes(
    clock: Clock, twilio: Api, port: FakePort
) -> None:
    port.titles |= {"incident:43": "#43 Disk full", "incident:44": "#44 Queue long"}
    ada = make_user("Ada")
    first = texted(ada)
    second = texted(ada, subject="incident:43", key="2/0/0")
    assert (first.reply_code, second.reply_code) == (10, 11)
    assert "Reply 4 to acknowledge" in twilio.calls[0].form["Body"][0]
    assert "Reply 4 11 to acknowledge, 6 11 to resolve" in twilio.calls[1].form["Body"][0]
    assert replied("4") == message(
        "Several pages wait. Reply 4, 6 or 8 and the code: 11 #43 Disk full; 10 #42 Payments &lt;failing&gt;"
    )
    assert port.calls == []
    assert replied("4 99", sid="SM2").startswith("<Response><Message>No page has the code 99.")
    assert "Done: acknowledge." in replied("4 10", sid="SM3")
    # One is left: no code is needed any more, and the next page about it keeps its code.
    assert "#43 Disk full: Done: resolve." in replied("6", sid="SM4")
    assert [call[:2] for call in port.calls] == [("acknowledge", "incident:42"), ("resolve", "incident:43")]
    again = texted(ada, subject="incident:42", key="3/0/0")
    assert again.reply_code == 10


def test_a_number_that_two_people_share_answers_for_whoever_was_paged(
    clock: Clock, twilio: Api, port: FakePort
) -> None:
    ada, bo = make_user("Ada"), make_user("Bo")
    rule_for(bo)
    texted(ada)
    replied("4")
    assert port.calls == [("acknowledge", "incident:42", ada.pk, "sms")]


def test_unknown_and_unproven_numbers_and_late_answers_get_no_answer(
    clock: Clock, twilio: Api, port: FakePort
) -> None:
    texted(make_user("Ada"))
    assert replied("4", number="+4915100000000") == NOTHING
    ContactMethod.objects.filter(channel="sms").update(verified_at=None)
    assert replied("4", sid="SM2") == NOTHING
    ContactMethod.objects.filter(channel="sms").update(verified_at=NOW)
    clock.shift(24 * 3600 + 1)
    assert replied("4", sid="SM3") == NOTHING
    assert port.calls == []


def test_nonsense_is_answered_with_what_can_be_done(clock: Clock, twilio: Api, port: FakePort) -> None:
    texted(make_user("Ada"))
    for number, text in enumerate(("", "what?", "44444", "4 4", "stop it", "٤")):
        assert "Reply 4 to acknowledge" in replied(text, sid=f"SM{number}"), text
    assert port.calls == []


def test_stop_switches_the_number_off_and_start_on_again(clock: Clock, twilio: Api, port: FakePort) -> None:
    texted(make_user("Ada"))
    voice = method(User.objects.get(), "voice")
    assert replied("STOP") == NOTHING
    found = ContactMethod.objects.get(channel="sms")
    assert (found.usable, found.last_failure[:28]) == (False, "This number has opted out of")
    voice.refresh_from_db()
    assert voice.usable
    assert replied("Start", sid="SM2") == NOTHING
    found.refresh_from_db()
    assert (found.usable, found.last_failure) == (True, "")
    contacts.set_enabled(actor=actor_of(found.user), method_id=found.pk, enabled=False, now=NOW)
    replied("START", sid="SM3")
    found.refresh_from_db()
    assert not found.usable


@pytest.mark.parametrize("given", ["", "x", "é", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="])
def test_forged_messages_do_nothing(
    client: Any, clock: Clock, twilio: Api, port: FakePort, given: str
) -> None:
    texted(make_user("Ada"))
    form = {"From": NUMBER, "Body": "4", "MessageSid": "SM1"}
    answer = client.post(TEXT, form, headers={"X-Twilio-Signature": given.encode().decode("latin-1")})
    assert answer.status_code == 403
    assert twilio_post(TEXT, token=TOKEN[:-1] + "0", **form).status_code == 403
    assert twilio_post(TEXT, base="http://evil.example", **form).status_code == 403
    ProviderAccount.objects.update(enabled=False)
    assert twilio_post(TEXT, **form).status_code == 403
    assert client.get(TEXT).status_code in (403, 405)
    assert (port.calls, ProviderEvent.objects.count()) == ([], 0)


def test_the_signature_is_the_one_of_twilios_documentation() -> None:
    """The worked example of https://www.twilio.com/docs/usage/security"""
    from notifications.transports.twilio.signature import signature, valid

    params = {
        "Digits": ["1234"],
        "To": ["+18005551212"],
        "From": ["+14158675310"],
        "Caller": ["+14158675310"],
        "CallSid": ["CA1234567890ABCDE"],
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert signature(url, params, "12345") == "L/OH5YylLD5NRKLltdqwSvS0BnU="
    assert valid("L/OH5YylLD5NRKLltdqwSvS0BnU=", url, params, "12345")
    assert not valid("", url, params, "")


def test_a_number_is_proven_by_a_code_in_a_text(clock: Clock, twilio: Api) -> None:
    ada = make_user("Ada")
    found, _secret = contacts.add_method(
        actor=actor_of(ada), user_id=ada.pk, channel="sms", address="0049 (151) 234-56789", now=NOW
    )
    assert (found.address, found.usable) == (NUMBER, False)
    send_due()
    body = twilio.calls[0].form["Body"][0]
    code = re.fullmatch(r"Watchbill code: (\d{6})\. Nobody from Watchbill will ask you for it\.", body)
    assert code is not None
    assert code[1] not in str(list(Delivery.objects.values()))
    assert contacts.verify(actor=actor_of(ada), method_id=found.pk, code=code[1], now=NOW).usable


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("😀" * 35, 1),
    ]
    + [("😀" * 36, 2), ("", 1), ("a" * 459, 3), ("a" * 460, 4)],
)
def test_what_a_text_costs(text: str, cost: int) -> None:
    assert segments(text) == cost


@pytest.mark.parametrize("letter", ["a", "ж", "😀", "€", "…", "’"])
def test_long_texts_are_cut_to_three_and_keep_what_to_do(letter: str) -> None:
    text = fitted(letter * 2000, "Reply 4\nhttps://x.example/incidents/42/")
    assert segments(text) <= 3
    assert text.endswith("...\nReply 4\nhttps://x.example/incidents/42/")
    limit = 459 if is_gsm(text) else 201
    assert limit - 4 <= places(text) <= limit
