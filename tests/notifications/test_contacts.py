"""Contact methods and rules."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import time_machine

from core.crypto import unseal
from core.errors import Conflict, DomainError, NotAllowed, NotVisible, TooMany
from notifications.actions import contacts, rules
from notifications.actions.rules import RuleStep
from notifications.errors import CodeRefused, MethodUnusable
from notifications.models import CapturedMail, ContactMethod, Delivery, NotificationRule
from notifications.selectors import next_three_am, preview, warnings_for
from notifications.sending import send_due
from teams.models import AuditEntry, User
from tests.factories import actor_of, make_people, make_user
from tests.notifications.support import NOW, hook_server, page, table

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


def add(user: User, channel: str = "email", address: str = "Phone@X.org", **fields: Any) -> ContactMethod:
    actor = fields.pop("actor", None) or actor_of(user)
    return contacts.add_method(
        actor=actor, user_id=user.pk, channel=channel, address=address, now=now(), **fields
    )[0]


def now() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC)


def mailed_code() -> str:
    send_due()
    line = next(line for line in CapturedMail.objects.latest("pk").text.splitlines() if "code:" in line)
    return line.rpartition(" ")[2]


def test_a_mail_address_counts_once_its_code_came_back(clock: Clock) -> None:
    ada = make_user("Ada")
    method = add(ada, label=" Private\nphone ")
    assert (method.address, method.label, method.usable) == ("phone@x.org", "Private phone", False)
    code = mailed_code()
    mail = CapturedMail.objects.get()
    assert (mail.recipient, len(code), code.isdigit()) == ("phone@x.org", 6, True)
    assert code not in json.dumps(list(Delivery.objects.values("title", "body", "payload")))
    assert code not in ContactMethod.objects.get().code_digest
    done = contacts.verify(
        actor=actor_of(ada), method_id=method.pk, code=f" {code[:3]} {code[3:]} ", now=now()
    )
    assert (done.usable, done.code_digest, done.verified_at) == (True, "", NOW)


def test_five_wrong_codes_and_it_takes_a_new_one(clock: Clock) -> None:
    ada = make_user("Ada")
    method = add(ada)
    code = mailed_code()
    wrong = "000000" if code != "000000" else "000001"
    said = []
    for _ in range(5):
        with pytest.raises(CodeRefused) as caught:
            contacts.verify(actor=actor_of(ada), method_id=method.pk, code=wrong, now=now())
        said.append(caught.value.sentence)
    assert said[0] == "That is not the code we sent. Tries left: 4."
    assert said[4].endswith("it was the last try. Send a new one.")
    with pytest.raises(CodeRefused, match="Too many"):
        contacts.verify(actor=actor_of(ada), method_id=method.pk, code=code, now=now())
    with pytest.raises(TooMany):
        contacts.start_verification(actor=actor_of(ada), method_id=method.pk, now=now())
    clock.shift(60)
    contacts.start_verification(actor=actor_of(ada), method_id=method.pk, now=now())
    assert contacts.verify(actor=actor_of(ada), method_id=method.pk, code=mailed_code(), now=now()).usable


def test_a_code_ends_after_a_quarter_of_an_hour(clock: Clock) -> None:
    ada = make_user("Ada")
    method = add(ada)
    code = mailed_code()
    clock.shift(15 * 60)
    with pytest.raises(CodeRefused, match="15 minutes"):
        contacts.verify(actor=actor_of(ada), method_id=method.pk, code=code, now=now())


def test_what_cannot_be_added(clock: Clock) -> None:
    ada = make_user("Ada")
    add(ada)
    cases = [
        ({"channel": "pigeon"}, "Choose e-mail"),
        ({"address": "nobody"}, "not an e-mail address"),
        ({"address": "PHONE@x.org"}, "there already"),
        ({"channel": "webhook", "address": "ftp://x.org"}, "https://"),
        ({"channel": "webhook", "address": "https://x.org:22/"}, "Port 22"),
        ({"channel": "console", "address": ""}, "Only an admin"),
    ]
    for fields, reason in cases:
        with pytest.raises(DomainError, match=reason):
            add(ada, **fields)
    assert ContactMethod.objects.count() == 1


def test_a_webhook_of_ones_own_is_proven_by_a_signed_call(settings: Any) -> None:
    from standardwebhooks import Webhook

    settings.WEBHOOK_ALLOWED_NETWORKS, settings.WEBHOOK_ALLOWED_PORTS = ("127.0.0.0/8",), ((1, 65535),)
    ada = make_user("Ada")
    with hook_server() as server:
        method, secret = contacts.add_method(
            actor=actor_of(ada),
            user_id=ada.pk,
            channel="webhook",
            address=f"http://127.0.0.1:{server.server_port}/",
            now=now(),
        )
        assert (unseal(method.secret), secret.startswith("whsec_")) == (secret, True)
        send_due()
        headers, _path, body = server.calls[0]
        told = Webhook(secret).verify(body, headers)
        contacts.verify(actor=actor_of(ada), method_id=method.pk, code=told["data"]["code"], now=now())
        rules.add_rule(
            actor=actor_of(ada), user_id=ada.pk, urgency="high", method_id=method.pk, delay_minutes=0
        )
        page(ada.pk, now=now())
        send_due()
    told = Webhook(secret).verify(server.calls[1][2], server.calls[1][0])
    assert (told["type"], told["data"]["title"], told["data"]["urgency"]) == (
        "notification.page",
        "Payments failing",
        "high",
    )
    assert "/a/" in told["data"]["acknowledge_url"]


def test_switching_off_withdraws_what_waits_and_switching_on_forgets_the_failure(clock: Clock) -> None:
    ada = make_user("Ada")
    page(ada.pk)
    method = ContactMethod.objects.get(channel="email")
    ContactMethod.objects.filter(pk=method.pk).update(last_failure="550")
    contacts.set_enabled(actor=actor_of(ada), method_id=method.pk, enabled=False, now=now())
    assert table("channel", "status") == [
        ("email", "withdrawn"),
        ("browser", "pending"),
        ("email", "withdrawn"),
    ]
    back = contacts.set_enabled(actor=actor_of(ada), method_id=method.pk, enabled=True, now=now())
    assert (back.disabled_at, back.last_failure) == (None, "")


def test_the_account_address_stays_others_go_with_their_rules(clock: Clock) -> None:
    ada = make_user("Ada")
    own, browser = contacts.ensure_default_methods(ada, now=now())
    assert contacts.ensure_account_method(ada, now=now()) == own
    for method in (own, browser):
        with pytest.raises(Conflict, match="stays"):
            contacts.delete_method(actor=actor_of(ada), method_id=method.pk, now=now())
    other = ContactMethod.objects.create(user=ada, channel="email", address="b@x.org", verified_at=NOW)
    rules.set_rules(actor=actor_of(ada), user_id=ada.pk, urgency="high", steps=[RuleStep(0, other.pk)])
    contacts.delete_method(actor=actor_of(ada), method_id=other.pk, now=now())
    assert (NotificationRule.objects.count(), list(ContactMethod.objects.all())) == (0, [own, browser])


def test_a_test_is_sent_by_that_method_and_not_twice_in_ten_seconds(clock: Clock) -> None:
    ada = make_user("Ada")
    method = contacts.ensure_account_method(ada, now=now())
    contacts.send_test(actor=actor_of(ada), method_id=method.pk, now=now())
    with pytest.raises(TooMany):
        contacts.send_test(actor=actor_of(ada), method_id=method.pk, now=now())
    send_due()
    assert CapturedMail.objects.get().subject == "Test: This is what a page looks like here"
    clock.shift(11)
    contacts.send_test(actor=actor_of(ada), method_id=method.pk, now=now())
    contacts.set_enabled(actor=actor_of(ada), method_id=method.pk, enabled=False, now=now())
    with pytest.raises(MethodUnusable):
        contacts.send_test(actor=actor_of(ada), method_id=method.pk, now=now())


def test_rules_are_put_in_place_and_kept_where_they_stay(clock: Clock) -> None:
    ada = make_user("Ada")
    one = contacts.ensure_account_method(ada, now=now())
    two = ContactMethod.objects.create(user=ada, channel="browser", verified_at=NOW)
    actor = actor_of(ada)
    first = rules.set_rules(
        actor=actor, user_id=ada.pk, urgency="high", steps=[RuleStep(5, one.pk), RuleStep(0, two.pk)]
    )
    assert [(rule.delay_minutes, rule.method_id) for rule in first] == [(0, two.pk), (5, one.pk)]
    again = rules.set_rules(
        actor=actor, user_id=ada.pk, urgency="high", steps=[RuleStep(5, one.pk), RuleStep(9, two.pk)]
    )
    assert [(rule.delay_minutes, rule.method_id) for rule in again] == [(5, one.pk), (9, two.pk)]
    assert again[0].pk == first[1].pk
    rules.remove_rule(actor=actor, rule_id=again[1].pk)
    assert list(NotificationRule.objects.values_list("pk", flat=True)) == [first[1].pk]


def test_rules_that_cannot_be_set(clock: Clock) -> None:
    ada, bo = make_user("Ada"), make_user("Bo")
    own = contacts.ensure_account_method(ada, now=now())
    foreign = contacts.ensure_account_method(bo, now=now())
    waiting = add(ada)
    cases = [
        ("sometimes", [RuleStep(0, own.pk)], "high or low"),
        ("high", [RuleStep(1441, own.pk)], "1,440"),
        ("high", [RuleStep(-1, own.pk)], "1,440"),
        ("high", [RuleStep(0, foreign.pk)], "not one of"),
        ("high", [RuleStep(0, waiting.pk)], "Verify"),
        ("high", [RuleStep(minute, own.pk) for minute in range(21)], "20 steps"),
    ]
    for urgency, steps, reason in cases:
        with pytest.raises(DomainError, match=reason):
            rules.set_rules(actor=actor_of(ada), user_id=ada.pk, urgency=urgency, steps=steps)
    assert NotificationRule.objects.count() == 0


def test_only_the_person_and_admins_touch_methods_and_rules_and_admins_leave_a_trace(clock: Clock) -> None:
    people = make_people()
    mine = add(people.owner)
    step = [RuleStep(0, contacts.ensure_account_method(people.owner, now=now()).pk)]
    for who in ("teammate", "support", "stranger"):
        actor = people.actor(who)
        with pytest.raises(NotVisible):
            contacts.delete_method(actor=actor, method_id=mine.pk, now=now())
        with pytest.raises(NotVisible):
            contacts.verify(actor=actor, method_id=mine.pk, code="1", now=now())
        with pytest.raises(NotVisible):
            add(people.owner, actor=actor, address="z@x.org")
        with pytest.raises(NotVisible):
            rules.set_rules(actor=actor, user_id=people.owner.pk, urgency="high", steps=step)
    assert AuditEntry.objects.filter(object_type__in=["contact_method", "user"]).count() == 0
    admin = people.actor("admin")
    rules.set_rules(actor=admin, user_id=people.owner.pk, urgency="high", steps=step)
    contacts.delete_method(actor=admin, method_id=mine.pk, now=now())
    trail = AuditEntry.objects.filter(actor=people.admin).order_by("pk")
    assert list(trail.values_list("verb", "object_type")) == [
        ("rules set", "user"),
        ("deleted", "contact_method"),
    ]


def test_a_token_without_the_scope_may_not(clock: Clock) -> None:
    from tests.factories import make_token

    ada = make_user("Ada")
    token, _secret = make_token(ada, scopes=["read"])
    with pytest.raises(NotAllowed):
        add(ada, actor=actor_of(ada, token=token))


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", dt.datetime(2026, 11, 21, 3, 0, tzinfo=dt.UTC)),
        ("Europe/Berlin", dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)),
        ("America/Los_Angeles", dt.datetime(2026, 11, 20, 11, 0, tzinfo=dt.UTC)),
        ("Asia/Kolkata", dt.datetime(2026, 11, 20, 21, 30, tzinfo=dt.UTC)),
    ],
)
def test_three_in_the_morning_is_on_the_persons_clock(zone: str, expected: dt.datetime) -> None:
    assert next_three_am(make_user("Ada", time_zone=zone), NOW) == expected


def test_the_preview_says_what_request_pages_does(clock: Clock) -> None:
    ada = make_user("Ada")
    at = next_three_am(ada, now())
    shown = [(step.at, step.minutes, step.method.channel) for step in preview(ada, "high", at)]
    assert shown == [(at, 0, "email"), (at, 0, "browser"), (at + dt.timedelta(minutes=5), 5, "email")]
    page(ada.pk, now=at)
    assert sorted(table("due_at", "channel")) == sorted((moment, channel) for moment, _m, channel in shown)


def test_warnings(clock: Clock) -> None:
    ada = make_user("Ada")
    assert warnings_for(ada) == []
    mail, browser = contacts.ensure_default_methods(ada, now=now())
    contacts.set_enabled(actor=actor_of(ada), method_id=mail.pk, enabled=False, now=now())
    assert warnings_for(ada) == ["browser_only"]
    contacts.set_enabled(actor=actor_of(ada), method_id=browser.pk, enabled=False, now=now())
    assert warnings_for(ada) == ["unreachable"]
