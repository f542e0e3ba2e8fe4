"""The browser channel, the live topic `me`, and Django admin."""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse

from core.live.topics import parse, source_of
from core.models import LiveEntry
from notifications.actions.deliveries import retry_delivery
from notifications.admin import DeliveryAdmin
from notifications.models import CapturedMail, Delivery, WebhookSubscription
from notifications.sending import send_due
from teams.actor import system_actor
from tests.factories import actor_of, make_people, make_user, signed_in
from tests.notifications.support import NOW, page

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


def test_a_page_reaches_the_persons_own_topic_and_no_other(clock: Clock) -> None:
    ada, bo = make_user("Ada"), make_user("Bo")
    page(ada.pk, title="<b>Payments</b>")
    send_due()
    entry = LiveEntry.objects.get()
    row = Delivery.objects.get(channel="browser")
    assert (entry.topic_id, entry.seq, entry.event, entry.scope) == (
        f"user:{ada.pk}",
        1,
        "page",
        {"user": ada.pk},
    )
    assert entry.data == {
        "title": "<b>Payments</b>",
        "url": "/incidents/42/",
        "urgency": "high",
        "delivery": row.pk,
        "category": "page",
    }
    assert "&lt;b&gt;Payments&lt;/b&gt;" in entry.html
    assert "<b>Payments" not in entry.html
    assert (row.status, row.provider_id) == ("sent", f"user:{ada.pk}#1")
    found = parse("me")
    assert found is not None
    source, key = found
    mine = source.topic_for(actor_of(ada), key)
    assert [message.seq for message in source.replay(mine, 0, 10)] == [1]
    assert (source.last(mine), source_of(mine)) == (1, source)
    assert source.may_receive(actor_of(ada), entry.scope)
    assert not source.may_receive(actor_of(bo), entry.scope)


def test_nobody_can_name_the_topic_of_another(clock: Clock) -> None:
    ada = make_user("Ada")
    found = parse("me")
    assert found is not None
    source = found[0]
    assert source.may_listen(actor_of(ada), "")
    assert not source.may_listen(actor_of(ada), "3")
    assert not source.may_listen(system_actor(), "")
    assert parse(f"user:{ada.pk}") is None


MODELS = [
    "contactmethod",
    "notificationrule",
    "delivery",
    "deliveryattempt",
    "webhooksubscription",
    "capturedmail",
]


@pytest.mark.parametrize("name", MODELS)
def test_every_row_opens_in_django_admin(clock: Clock, name: str) -> None:
    from django.apps import apps

    from notifications.actions.rules import RuleStep, set_rules
    from notifications.models import ContactMethod

    people = make_people()
    page(people.owner.pk)
    send_due()
    method = ContactMethod.objects.get(channel="email")
    set_rules(
        actor=people.actor("owner"), user_id=people.owner.pk, urgency="low", steps=[RuleStep(1, method.pk)]
    )
    WebhookSubscription.objects.create(name="CI", url="https://x.example/", secret="x")
    row = apps.get_model("notifications", name).objects.first()
    url = reverse(f"admin:notifications_{name}_change", args=[row.pk])
    assert signed_in(people.admin).get(url).status_code == 200


@pytest.mark.parametrize("name", MODELS)
def test_the_lists_of_django_admin_open_for_admins_alone(clock: Clock, name: str) -> None:
    people = make_people()
    page(people.owner.pk)
    send_due()
    url = reverse(f"admin:notifications_{name}_changelist")
    assert signed_in(people.admin).get(url).status_code == 200
    assert signed_in(people.owner).get(url).status_code == 302


def test_admin_shows_no_secret(clock: Clock) -> None:
    from notifications.actions.webhooks import create_webhook

    people = make_people()
    webhook, secret = create_webhook(
        actor=people.actor("owner"), team_id=people.team.pk, name="CI", url="https://x.example/", events=[]
    )
    url = reverse("admin:notifications_webhooksubscription_change", args=[webhook.pk])
    content = signed_in(people.admin).get(url).content.decode()
    assert "https://x.example/" in content
    assert secret not in content
    assert webhook.secret not in content


def test_the_admin_action_sends_failed_ones_again(clock: Clock) -> None:
    people = make_people()
    page(people.owner.pk, urgency="low")
    page(people.teammate.pk, key="2/0/0", urgency="low")
    failed = Delivery.objects.earliest("pk")
    Delivery.objects.filter(pk=failed.pk).update(status="failed", error="550", finished_at=NOW)
    url = reverse("admin:notifications_delivery_changelist")
    data = {"action": "retry", "_selected_action": list(Delivery.objects.values_list("pk", flat=True))}
    content = signed_in(people.admin).post(url, data, follow=True).content.decode()
    assert "1 is being sent again." in content
    assert "Only a failed delivery can be sent again." in content
    assert list(Delivery.objects.order_by("pk").values_list("status", flat=True)) == ["pending", "pending"]
    assert "payload" in (DeliveryAdmin.exclude or ())


def test_a_page_that_failed_long_ago_can_be_sent_again_with_its_key(clock: Clock) -> None:
    people = make_people()
    page(people.owner.pk, urgency="low")
    clock.shift(3600)
    send_due()
    row = Delivery.objects.get()
    assert row.status == "failed"
    retry_delivery(
        actor=people.actor("admin"), delivery_id=row.pk, now=Delivery.objects.get().due_at.replace(hour=4)
    )
    send_due()
    row.refresh_from_db()
    assert (row.status, CapturedMail.objects.count()) == ("sent", 1)
