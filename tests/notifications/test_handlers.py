"""Facts about people and what they cause here."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import time_machine

from core.crypto import seal
from core.events import publish
from notifications.actions.contacts import ensure_account_method, set_enabled
from notifications.actions.messages import request_message
from notifications.models import CapturedMail, Delivery
from teams.events import AccountMailRequested, InvitationCreated, PasswordChanged, PersonDeactivated
from tests.factories import actor_of, make_user
from tests.notifications.support import NOW, page, table

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


def test_mail_of_the_sign_in_pages_is_stored_sealed_and_sent_in_clear(
    clock: Clock, drain: Callable[[], None]
) -> None:
    ada = make_user("Ada")
    method = ensure_account_method(ada, now=NOW)
    set_enabled(actor=actor_of(ada), method_id=method.pk, enabled=False, now=NOW)
    publish(
        AccountMailRequested(
            email=ada.email,
            user_id=ada.pk,
            reason="password_reset_key",
            subject="Reset your password\nBcc: x@y.org",
            sealed_body=seal("Follow http://127.0.0.1:8000/reset/SECRET/"),
        )
    )
    drain()
    mail = CapturedMail.objects.get()
    assert (mail.recipient, mail.subject) == (ada.email, "Reset your password Bcc: x@y.org")
    assert "http://127.0.0.1:8000/reset/SECRET/" in mail.text
    assert "SECRET" not in json.dumps(list(Delivery.objects.values("title", "body", "url_path", "payload")))


def test_an_invitation_reaches_an_address_without_an_account(clock: Clock, drain: Callable[[], None]) -> None:
    publish(
        InvitationCreated(
            invitation_id=7,
            email="new@example.com",
            name="New",
            sealed_path=seal("/invitations/SECRET/"),
            invited_by="Ada",
            team_name="Payments",
        )
    )
    drain()
    mail = CapturedMail.objects.get()
    assert (mail.recipient, mail.subject) == ("new@example.com", "Ada invites you to Payments on Watchbill")
    assert "http://127.0.0.1:8000/invitations/SECRET/" in mail.text
    assert 'href="http://127.0.0.1:8000/invitations/SECRET/"' in mail.html
    assert "SECRET" not in json.dumps(list(Delivery.objects.values("title", "body", "url_path", "payload")))


def test_a_changed_password_is_told(clock: Clock, drain: Callable[[], None]) -> None:
    ada = make_user("Ada")
    publish(PasswordChanged(user_id=ada.pk, by="Root"))
    drain()
    assert list(CapturedMail.objects.values_list("recipient", "subject")) == [
        (ada.email, "Your Watchbill password was changed")
    ]


def test_whoever_has_left_is_not_written_to(clock: Clock, drain: Callable[[], None]) -> None:
    ada, bo = make_user("Ada"), make_user("Bo")
    page(ada.pk, bo.pk, urgency="low")
    publish(PersonDeactivated(user_id=ada.pk, by="Root"))
    from core import relay

    relay.drain()
    assert table("user_id", "status", "error") == [
        (ada.pk, "withdrawn", "The person was deactivated."),
        (bo.pk, "pending", ""),
    ]


def test_a_message_is_written_once_to_the_first_usable_mail(clock: Clock) -> None:
    ada, gone = make_user("Ada"), make_user("Gone", is_active=False)

    def ask(user_id: int, category: str = "reminder") -> Delivery | None:
        return request_message(
            key=f"due-{user_id}-{category}",
            category=category,
            user_id=user_id,
            title="Two action items are due",
            body="",
            url_path="/action-items/",
            now=NOW,
        )

    first = ask(ada.pk)
    assert first is not None
    assert (first.address, first.category, first.urgency) == (ada.email, "reminder", "low")
    assert ask(ada.pk) == first
    assert (ask(gone.pk), ask(999_999)) == (None, None)
    method = ensure_account_method(ada, now=NOW)
    set_enabled(actor=actor_of(ada), method_id=method.pk, enabled=False, now=NOW)
    assert ask(ada.pk, "update") is None
    account = ask(ada.pk, "account")
    assert account is not None and account.address == ada.email
    assert Delivery.objects.count() == 2
