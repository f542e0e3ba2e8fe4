"""The pages of this room: who sees what, what the forms do."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from django.test import Client

from notifications.actions import contacts
from notifications.actions.webhooks import create_webhook
from notifications.models import CapturedMail, ContactMethod, Delivery, NotificationRule, WebhookSubscription
from notifications.sending import send_due
from notifications.transports.base import TransportError
from tests.factories import People, make_people, signed_in
from tests.notifications.support import NOW, FakeTransport, page

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
ME = "/settings/notifications/"
WHO = ("owner", "teammate", "support", "stranger", "admin")


@pytest.fixture
def people(clock: Clock) -> People:
    return make_people()


def codes(people: People, url: str) -> dict[str, int]:
    return {who: people.browser(who).get(url).status_code for who in WHO}


def paged(people: People, who: str = "teammate") -> Delivery:
    """A page to this person on behalf of the team."""
    page(getattr(people, who).pk, urgency="low", team_id=people.team.pk)
    return Delivery.objects.latest("pk")


@pytest.mark.parametrize(
    "url", [ME, "/settings/deliveries/", "/settings/webhooks/", "/settings/webhooks/new/", "/dev/outbox/"]
)
def test_visitors_are_asked_to_sign_in(url: str) -> None:
    answer = Client().get(url)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={url}")


def test_everybody_has_a_page_about_how_they_are_reached(people: People) -> None:
    assert set(codes(people, ME).values()) == {200}
    content = people.browser("owner").get(ME).content.decode()
    assert people.owner.email in content
    assert people.teammate.email not in content
    assert "at 3 in the morning" in content


def test_adding_verifying_testing_switching_and_deleting(people: People) -> None:
    browser = people.browser("owner")
    answer = browser.post(f"{ME}methods/add/", {"channel": "email", "address": "no"}, follow=True)
    assert (answer.status_code, "This is not an e-mail address." in answer.content.decode()) == (422, True)
    data = {"channel": "email", "address": "phone@x.org", "label": "Phone"}
    assert (
        "on its way to phone@x.org" in browser.post(f"{ME}methods/add/", data, follow=True).content.decode()
    )
    method = ContactMethod.objects.get(address="phone@x.org")
    send_due()
    code = re.findall(r"code: (\d{6})", CapturedMail.objects.latest("pk").text)[0]
    wrong = browser.post(f"{ME}methods/{method.pk}/verify/", {"code": "x"})
    assert (wrong.status_code, "Tries left: 4" in wrong.content.decode()) == (422, True)
    browser.post(f"{ME}methods/{method.pk}/verify/", {"code": code})
    method.refresh_from_db()
    assert method.usable
    answer = browser.post(f"{ME}methods/{method.pk}/test/", headers={"HX-Request": "true"})
    assert (answer.status_code, "A test is on its way." in answer["HX-Trigger"]) == (204, True)
    for verb, usable in (("disable", False), ("enable", True)):
        assert browser.post(f"{ME}methods/{method.pk}/{verb}/").status_code == 302
        method.refresh_from_db()
        assert method.usable is usable
    assert "Delete Phone?" in browser.get(f"{ME}methods/{method.pk}/delete/").content.decode()
    browser.post(f"{ME}methods/{method.pk}/delete/")
    assert not ContactMethod.objects.filter(pk=method.pk).exists()


def test_steps_are_added_and_removed(people: People) -> None:
    browser = people.browser("owner")
    browser.get(ME)
    method = ContactMethod.objects.get(user=people.owner, channel="email")
    data = {"urgency": "high", "method": method.pk, "delay_minutes": "9999"}
    assert browser.post(f"{ME}rules/add/", data).status_code == 422
    browser.post(f"{ME}rules/add/", {**data, "delay_minutes": "7"})
    rule = NotificationRule.objects.get()
    assert (rule.user, rule.urgency, rule.delay_minutes) == (people.owner, "high", 7)
    assert "after 7 min" in browser.get(ME).content.decode()
    assert people.browser("teammate").post(f"{ME}rules/{rule.pk}/remove/").status_code == 404
    browser.post(f"{ME}rules/{rule.pk}/remove/")
    assert NotificationRule.objects.count() == 0


@pytest.mark.parametrize("verb", ["test", "disable", "delete", "code", "verify"])
def test_other_peoples_methods_are_not_there(people: People, verb: str) -> None:
    method = contacts.ensure_account_method(people.owner, now=NOW)
    for who in ("teammate", "support", "stranger"):
        assert people.browser(who).post(f"{ME}methods/{method.pk}/{verb}/", {"code": "1"}).status_code == 404


def test_the_secret_of_a_webhook_is_shown_once(people: People) -> None:
    browser = people.browser("owner")
    data = {"channel": "webhook", "address": "https://hooks.example.com/x"}
    first = browser.post(f"{ME}methods/add/", data, follow=True).content.decode()
    assert re.search(r"whsec_[\w+/=]{40,}", first)
    assert "whsec_" not in browser.get(ME).content.decode()


def test_deliveries_are_seen_by_the_person_and_the_teams_manager(people: People) -> None:
    row = paged(people)
    url = f"/settings/deliveries/{row.pk}/"
    assert codes(people, url) == {
        "owner": 200,
        "teammate": 200,
        "support": 404,
        "stranger": 404,
        "admin": 200,
    }
    shown = {who: people.browser(who).get("/settings/deliveries/").content.decode() for who in WHO}
    assert {who: f"/settings/deliveries/{row.pk}/" in text for who, text in shown.items()} == {
        "owner": True,
        "teammate": True,
        "support": False,
        "stranger": False,
        "admin": True,
    }
    # What a page to somebody else is about may be private: the manager reads the subject alone.
    assert {
        who: "Payments failing" in text for who, text in shown.items() if who in ("owner", "teammate")
    } == {
        "owner": False,
        "teammate": True,
    }
    assert "Card payments" not in people.browser("owner").get(url).content.decode()


def test_the_log_filters_and_pages_by_key(people: People) -> None:
    for number in range(60):
        page(people.owner.pk, key=f"{number}/0/0", urgency="low")
    Delivery.objects.filter(pk=Delivery.objects.earliest("pk").pk).update(
        status="failed", error="550", finished_at=NOW
    )
    browser = people.browser("owner")
    first = browser.get("/settings/deliveries/")
    assert len(first.context["page"].rows) == 50
    second = browser.get(f"/settings/deliveries/?cursor={first.context['page'].older}")
    assert len(second.context["page"].rows) == 10
    assert {
        row.status for row in browser.get("/settings/deliveries/?status=failed").context["page"].rows
    } == {"failed"}
    assert browser.get("/settings/deliveries/?channel=browser").context["page"].rows == []
    assert browser.get("/settings/deliveries/?status=nonsense&cursor=zz").status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_the_log_takes_the_same_number_of_statements_for_any_length(
    people: People, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        page(people.teammate.pk, key=f"{number}/0/0", urgency="low", team_id=people.team.pk)
    send_due()
    for who in ("owner", "teammate"):
        browser = people.browser(who)
        browser.get("/settings/deliveries/")
        with django_assert_num_queries(browser_queries(browser)):
            browser.get("/settings/deliveries/")


_counts: dict[str, int] = {}


def browser_queries(browser: Client) -> int:
    """What the first run of this test (one row) took; the second must equal it."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        browser.get("/settings/deliveries/")
    return _counts.setdefault("deliveries", len(queries))


def test_a_failed_delivery_is_sent_again_by_admins_alone(people: People, mail: FakeTransport) -> None:
    row = paged(people)
    mail.answers = [TransportError("550 no.", permanent=True)]
    ContactMethod.objects.filter(channel="browser").update(disabled_at=NOW)
    send_due()
    url = f"/settings/deliveries/{row.pk}/"
    assert "Send again" not in people.browser("teammate").get(url).content.decode()
    assert people.browser("teammate").post(url).status_code == 403
    assert people.browser("stranger").post(url).status_code == 404
    assert "Send again" in people.browser("admin").get(url).content.decode()
    people.browser("admin").post(url)
    send_due()
    row.refresh_from_db()
    assert (row.status, row.attempts, [sent.key for sent in mail.sent]) == ("sent", 2, [row.key, row.key])
    assert people.browser("admin").post(url).status_code == 409


def test_webhooks_belong_to_those_who_manage_the_team(people: People) -> None:
    webhook, _secret = create_webhook(
        actor=people.actor("owner"),
        team_id=people.team.pk,
        name="CI",
        url="https://ci.example.com/",
        events=[],
    )
    url = f"/settings/webhooks/{webhook.pk}/"
    nothing = dict.fromkeys(("teammate", "support", "stranger"), 404)
    for address in ("/settings/webhooks/", "/settings/webhooks/new/", url, f"{url}delete/", f"{url}rotate/"):
        assert codes(people, address) == {"owner": 200, **nothing, "admin": 200}, address
    for verb in ("delete", "rotate", "test"):
        assert people.browser("teammate").post(f"{url}{verb}/").status_code == 404
    assert people.browser("teammate").post(url, {"name": "x"}).status_code == 404
    assert WebhookSubscription.objects.count() == 1


def test_a_webhook_is_made_changed_rotated_tested_and_deleted(people: People) -> None:
    browser = people.browser("owner")
    data = {"team": people.team.pk, "name": "CI", "url": "http://ci.example.com:22/", "events": ""}
    refused = browser.post("/settings/webhooks/new/", data)
    assert (refused.status_code, "Port 22 is not open" in refused.content.decode()) == (422, True)
    data |= {
        "url": "https://ci.example.com/",
        "events": "incident.declared\nincident.resolved incident.declared",
    }
    first = browser.post("/settings/webhooks/new/", data, follow=True).content.decode()
    webhook = WebhookSubscription.objects.get()
    secrets = set(re.findall(r"whsec_[\w+/=]{40,}", first))
    assert webhook.events == ["incident.declared", "incident.resolved"]
    url = f"/settings/webhooks/{webhook.pk}/"
    assert "whsec_" not in browser.get(url).content.decode()
    browser.post(url, {"name": "Build", "url": webhook.url, "events": "", "active": "on"})
    rotated = browser.post(f"{url}rotate/", follow=True).content.decode()
    assert not secrets & set(re.findall(r"whsec_[\w+/=]{40,}", rotated))
    browser.post(f"{url}test/")
    assert Delivery.objects.get().title == "webhook.test"
    browser.post(url, {"name": "Build", "url": webhook.url, "events": ""})
    assert Delivery.objects.get().status == "withdrawn"
    webhook.refresh_from_db()
    assert (webhook.name, webhook.events, webhook.active) == ("Build", [], False)
    browser.post(f"{url}delete/")
    assert (WebhookSubscription.objects.count(), Delivery.objects.count()) == (0, 0)


def test_the_outbox_shows_mail_with_working_links_and_nothing_that_runs(people: People) -> None:
    page(people.owner.pk, urgency="low", title="<script>alert(1)</script> & more")
    send_due()
    CapturedMail.objects.update(html="<script>alert(2)</script>" + CapturedMail.objects.get().html)
    browser = people.browser("stranger")
    mail = CapturedMail.objects.get()
    assert "Page: &lt;script&gt;" in browser.get("/dev/outbox/").content.decode()
    content = browser.get(f"/dev/outbox/{mail.pk}/").content.decode()
    assert "alert(2)" not in content
    assert "<script>alert(1)" not in content
    link = re.findall(r'href="http://127\.0\.0\.1:8000(/a/[^"]+)"', content)[0]
    assert signed_in(None).get(link).status_code in (200, 404)
    text = browser.get(f"/dev/outbox/{mail.pk}/?view=text").content.decode()
    assert f'href="http://127.0.0.1:8000{link}"' in text
    assert "<script>alert(1)" not in text
    assert browser.get("/dev/outbox/?to=nobody").context["page"].rows == []


def test_where_mail_leaves_there_is_no_outbox(people: People, settings: Any) -> None:
    settings.CAPTURE_MAIL = False
    assert codes(people, "/dev/outbox/") == dict.fromkeys(WHO, 404)
