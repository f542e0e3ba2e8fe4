"""The REST API of this room."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine

from core.crypto import unseal
from notifications.actions import contacts
from notifications.models import CapturedMail, ContactMethod, Delivery, WebhookSubscription
from notifications.sending import send_due
from tests.factories import People, make_people
from tests.notifications.support import NOW, page

pytestmark = pytest.mark.django_db
API = "/api/v1/"
WHO = ("owner", "teammate", "support", "stranger", "admin")


@pytest.fixture
def people(clock: time_machine.Traveller) -> People:
    return make_people()


def codes(people: People, path: str) -> dict[str, int]:
    return {who: people.api(who).get(API + path).status_code for who in WHO}


@pytest.mark.parametrize("path", ["contact-methods/", "notification-rules/", "deliveries/", "webhooks/"])
def test_a_token_is_needed(path: str) -> None:
    from tests.factories import api_client

    answer = api_client(None).get(API + path)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")


def test_a_method_is_added_verified_and_used_in_a_rule(people: People) -> None:
    api = people.api("owner")
    made = api.post(f"{API}contact-methods/", {"channel": "email", "address": "phone@x.org"})
    assert (made.status_code, made.json()["verified"], made.json()["secret"]) == (201, False, "")
    path = f"{API}contact-methods/{made.json()['id']}/"
    send_due()
    code = re.findall(r"code: (\d{6})", CapturedMail.objects.get().text)[0]
    early = api.post(f"{API}notification-rules/", {"urgency": "high", "method": made.json()["id"]})
    assert (early.status_code, early.json()["errors"]) == (
        400,
        {"method": ["Verify this contact method first."]},
    )
    assert api.post(f"{path}verify/", {"code": code}).json()["usable"] is True
    rule = api.post(
        f"{API}notification-rules/", {"urgency": "high", "method": made.json()["id"], "delay_minutes": 3}
    )
    assert rule.json() == {
        "id": rule.json()["id"],
        "user": people.owner.pk,
        "urgency": "high",
        "method": made.json()["id"],
        "delay_minutes": 3,
    }
    assert api.patch(path, {"enabled": False}).json()["enabled"] is False
    assert api.delete(f"{API}notification-rules/{rule.json()['id']}/").status_code == 204
    assert api.delete(path).status_code == 204
    assert ContactMethod.objects.filter(pk=made.json()["id"]).exists() is False


def test_wrong_codes_count_even_with_an_idempotency_key(people: People) -> None:
    method, _secret = contacts.add_method(
        actor=people.actor("owner"), user_id=people.owner.pk, channel="email", address="p@x.org", now=NOW
    )
    api = people.api("owner")
    for number in range(3):
        answer = api.post(
            f"{API}contact-methods/{method.pk}/verify/",
            {"code": "x"},
            headers={"Idempotency-Key": f"k{number}"},
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "code_refused")
    method.refresh_from_db()
    assert method.code_tries == 3


def test_other_peoples_methods_rules_and_webhooks_are_not_there(people: People) -> None:
    method = contacts.ensure_account_method(people.owner, now=NOW)
    rule = (
        people.api("owner").post(f"{API}notification-rules/", {"urgency": "low", "method": method.pk}).json()
    )
    nobody = dict.fromkeys(("teammate", "support", "stranger"), 404)
    for path in (f"contact-methods/{method.pk}/", f"notification-rules/{rule['id']}/"):
        assert codes(people, path) == {"owner": 200, **nobody, "admin": 200}
        assert people.api("teammate").delete(API + path).status_code == 404
    other = people.api("teammate").post(
        f"{API}contact-methods/", {"channel": "email", "address": "z@x.org", "user": people.owner.pk}
    )
    assert other.status_code == 404
    assert people.api("owner", team=people.team).get(f"{API}contact-methods/").json()["results"] == []
    assert (
        people.api("owner", scopes=["read"]).delete(f"{API}contact-methods/{method.pk}/").status_code == 403
    )


def test_deliveries_with_attempts(people: People) -> None:
    page(people.teammate.pk, urgency="low", team_id=people.team.pk)
    send_due()
    row = Delivery.objects.get()
    assert codes(people, f"deliveries/{row.pk}/") == {
        "owner": 200,
        "teammate": 200,
        "support": 404,
        "stranger": 404,
        "admin": 200,
    }
    shown = people.api("teammate").get(f"{API}deliveries/{row.pk}/").json()
    assert shown == {
        "id": row.pk,
        "key": row.key,
        "category": "page",
        "channel": "email",
        "user": people.teammate.pk,
        "team": people.team.slug,
        "address": row.address_hint,
        "subject": "incident:42",
        "urgency": "low",
        "title": "Payments failing",
        "url_path": "/incidents/42/",
        "status": "sent",
        "error": "",
        "due_at": "2026-11-20T03:00:00Z",
        "sent_at": "2026-11-20T03:00:00Z",
        "finished_at": "2026-11-20T03:00:00Z",
        "created_at": "2026-11-20T03:00:00Z",
        "attempts": [
            {
                "number": 1,
                "started_at": "2026-11-20T03:00:00Z",
                "ended_at": "2026-11-20T03:00:00Z",
                "outcome": "accepted",
                "detail": "",
            }
        ],
    }
    assert people.api("owner").get(f"{API}deliveries/{row.pk}/").json()["title"] == "incident 42"
    found = people.api("owner").get(f"{API}deliveries/?status=failed&status=pending").json()["results"]
    assert found == []
    assert len(people.api("owner").get(f"{API}deliveries/?subject=incident:42").json()["results"]) == 1
    assert people.api("teammate").post(f"{API}deliveries/{row.pk}/retry/").status_code == 403
    assert people.api("admin").post(f"{API}deliveries/{row.pk}/retry/").status_code == 409


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("path", ["deliveries/", "contact-methods/", "notification-rules/", "webhooks/"])
def test_lists_take_the_same_number_of_statements_for_any_length(
    people: People, count: int, path: str, django_assert_max_num_queries: Any
) -> None:
    api = people.api("owner")
    method = contacts.ensure_account_method(people.owner, now=NOW)
    for number in range(count):
        page(people.owner.pk, key=f"{number}/0/0", urgency="low", team_id=people.team.pk)
        ContactMethod.objects.create(user=people.owner, channel="email", address=f"{number}@x.org")
        api.post(
            f"{API}notification-rules/", {"urgency": "low", "method": method.pk, "delay_minutes": number}
        )
        api.post(
            f"{API}webhooks/", {"name": f"n{number}", "url": "https://x.example/", "team": people.team.slug}
        )
    send_due()
    # Token with its person, roles, the rows and (deliveries) their attempts.
    with django_assert_max_num_queries(4):
        assert len(api.get(API + path).json()["results"]) >= count


def test_webhooks(people: People) -> None:
    api = people.api("owner")
    wrong = api.post(f"{API}webhooks/", {"name": "CI", "url": "ftp://x", "team": people.team.slug})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["url"])
    made = api.post(
        f"{API}webhooks/",
        {
            "name": "CI",
            "url": "https://ci.example.com/",
            "team": people.team.slug,
            "events": ["incident.declared"],
        },
    )
    row = WebhookSubscription.objects.get()
    assert (made.status_code, made.json()["secret"]) == (201, unseal(row.secret))
    path = f"{API}webhooks/{row.pk}/"
    assert "secret" not in api.get(path).json()
    assert codes(people, f"webhooks/{row.pk}/") == {
        "owner": 200,
        "teammate": 404,
        "support": 404,
        "stranger": 404,
        "admin": 200,
    }
    assert api.patch(path, {"events": []}).json()["events"] == []
    assert api.post(f"{path}rotate-secret/").json()["secret"] != made.json()["secret"]
    assert api.post(f"{path}test/").status_code == 202
    org = {"name": "All", "url": "https://ci.example.com/"}
    assert api.post(f"{API}webhooks/", org).status_code == 403
    assert people.api("admin").post(f"{API}webhooks/", org).status_code == 201
    assert (
        people.api("stranger").post(f"{API}webhooks/", {**org, "team": people.team.slug}).status_code == 403
    )
    assert api.delete(path).status_code == 204


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("contact-methods/", {"channel": "pigeon"}),
        ("contact-methods/", {"channel": "email", "address": "a" * 600}),
        ("contact-methods/", {"channel": "email", "address": "a@x.org", "user": 10**30}),
        ("contact-methods/", []),
        ("notification-rules/", {"urgency": "high", "method": 10**30}),
        ("notification-rules/", {"urgency": "high", "method": 1, "delay_minutes": 10**9}),
        ("webhooks/", {"name": "x", "url": "https://x.example/", "events": "declared"}),
        ("webhooks/", {"name": "x", "url": "https://x.example/", "team": {"slug": 1}}),
    ],
)
def test_bad_input_is_answered_with_reasons(people: People, path: str, body: Any) -> None:
    answer = people.api("admin").post(API + path, body)
    assert (answer.status_code, answer.json()["status"]) == (400, 400)
    assert answer.json()["errors"]
