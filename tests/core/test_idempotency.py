"""`Idempotency-Key` on POST: the first answer again, and never a second incident."""

from __future__ import annotations

import pytest

from core.models import IdempotentRequest
from incidents.models import Incident
from tests.factories import api_client
from tests.world import make_world

pytestmark = pytest.mark.django_db
URL = "/api/v1/incidents/"
KEY = {"HTTP_IDEMPOTENCY_KEY": "one"}


def test_the_same_request_again_is_answered_from_the_record() -> None:
    api = api_client(make_world().bo)
    first = api.post(URL, {"title": "Down"}, **KEY)
    again = api.post(URL, {"title": "Down"}, **KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert Incident.objects.count() == 1
    other_key = api.post(URL, {"title": "Down"}, HTTP_IDEMPOTENCY_KEY="two")
    assert other_key.json()["number"] == first.json()["number"] + 1


def test_another_body_or_address_under_the_key_is_refused() -> None:
    api = api_client(make_world().bo)
    number = api.post(URL, {"title": "Down"}, **KEY).json()["number"]
    for path, body in ((URL, {"title": "Up"}), (f"{URL}{number}/add-note/", {"title": "Down"})):
        refused = api.post(path, body, **KEY)
        assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_reused")
    assert Incident.objects.count() == 1


def test_a_key_belongs_to_who_sent_it() -> None:
    world = make_world()
    numbers = {
        api_client(person).post(URL, {"title": "Down"}, **KEY).json()["number"]
        for person in (world.bo, world.bo, world.zoe)
    }
    assert len(numbers) == 3


def test_a_failure_is_not_kept() -> None:
    api = api_client(make_world().bo)
    assert api.post(URL, {"title": ""}, **KEY).status_code == 400
    assert not IdempotentRequest.objects.exists()
    assert api.post(URL, {"title": "Down"}, **KEY).status_code == 201
    assert Incident.objects.count() == 1


def test_a_key_of_the_wrong_kind_is_refused() -> None:
    api = api_client(make_world().bo)
    for key in ("x" * 201, "a\tb"):
        refused = api.post(URL, {"title": "Down"}, HTTP_IDEMPOTENCY_KEY=key)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["Idempotency-Key"])
    assert not Incident.objects.exists()
