"""What the buttons of a push notification send: JSON answers, declining, and that GET changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import time_machine
from django.test import Client

from notifications import links, replies
from notifications.models import Delivery
from notifications.replies import ReplySubject
from tests.factories import make_user
from tests.notifications.support import page

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@dataclass
class FakePort:
    """One subject, seen by everybody."""

    state: str = ""
    calls: list[tuple[str, str, int, str]] = field(default_factory=list)

    def acknowledge(self, *, subject_key: str, user_id: int, via: str) -> str:
        self.calls.append(("acknowledge", subject_key, user_id, via))
        if self.state:
            return f"Already {self.state}"
        self.state = "acknowledged by Ada."
        return "Acknowledged 03:12, escalation stopped."

    def decline(self, *, subject_key: str, user_id: int, via: str) -> str:
        self.calls.append(("decline", subject_key, user_id, via))
        return "Bo is being paged."

    def resolve(self, *, subject_key: str, user_id: int, via: str) -> str:
        raise AssertionError("no button resolves")

    def describe(self, *, subject_key: str, user_id: int) -> ReplySubject | None:
        if subject_key != "incident:42":
            return None
        return ReplySubject("#42 Payments", "/incidents/42/", self.state or "Nobody has.", not self.state)


@pytest.fixture
def port() -> Iterator[FakePort]:
    fake = FakePort()
    before = replies.register_port(fake)
    yield fake
    if before is not None:
        replies.register_port(before)


@pytest.fixture
def row(clock: time_machine.Traveller) -> Delivery:
    """A page by push."""
    page(make_user("Ada").pk, urgency="low")
    Delivery.objects.update(channel="push")
    return Delivery.objects.get()


def post(path: str, **headers: str) -> Any:
    return Client(enforce_csrf_checks=True).post(path, headers=headers)


def test_acknowledging_answers_with_the_sentence(row: Delivery, port: FakePort) -> None:
    path = links.acknowledge_path(row.pk)
    first, second = post(path, **JSON), post(path, **JSON)
    assert (first.status_code, first.json()) == (
        200,
        {"sentence": "Acknowledged 03:12, escalation stopped.", "url": "/incidents/42/"},
    )
    assert second.json()["sentence"] == "Already acknowledged by Ada."
    assert port.calls == [("acknowledge", "incident:42", row.user_id, "push")] * 2
    assert (first["X-Robots-Tag"], "no-store" in first["Cache-Control"]) == ("noindex", True)


def test_declining_pages_whoever_is_next(row: Delivery, port: FakePort) -> None:
    path = f"{links.acknowledge_path(row.pk)}decline/"
    answer = post(path, **JSON)
    assert (answer.status_code, answer.json()["sentence"]) == (200, "Bo is being paged.")
    assert port.calls == [("decline", "incident:42", row.user_id, "push")]
    assert "Bo is being paged." in post(path).content.decode()


def test_get_changes_nothing_and_asks(row: Delivery, port: FakePort) -> None:
    path = links.acknowledge_path(row.pk)
    for address in (path, f"{path}decline/"):
        for headers in ({}, JSON):
            assert Client().get(address, headers=headers).status_code == 200
        assert Client().head(address).status_code == 200
        assert Client().put(address).status_code == 405
    assert port.calls == []
    asked = Client().get(f"{path}decline/").content.decode()
    assert "Can't take it</span>" in asked.replace("&#x27;", "'")
    assert "whoever is next is paged at once" in asked


def test_by_mail_it_says_mail(row: Delivery, port: FakePort) -> None:
    Delivery.objects.update(channel="email")
    post(f"{links.acknowledge_path(row.pk)}decline/")
    assert port.calls == [("decline", "incident:42", row.user_id, "mail")]


def test_forged_tokens_and_unseen_subjects_are_a_404_in_json_too(row: Delivery, port: FakePort) -> None:
    path = links.acknowledge_path(row.pk)
    for address in ("/a/1.2.3/", "/a/1.2.3/decline/", path.replace(f"/{row.pk}.", f"/{row.pk + 1}.")):
        answer = post(address, **JSON)
        assert (answer.status_code, "not complete" in answer.json()["detail"]) == (404, True)
    Delivery.objects.update(subject_key="incident:43")
    assert post(path, **JSON).status_code == post(f"{path}decline/", **JSON).status_code == 404
    assert port.calls == []
