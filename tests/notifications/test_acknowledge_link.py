"""The one-tap acknowledge link, with a stand-in for what is above this room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import time_machine
from django.core.signing import TimestampSigner
from django.test import Client

from notifications import links, replies
from notifications.models import CapturedMail, Delivery
from notifications.replies import ReplySubject
from notifications.sending import send_due
from tests.factories import make_user
from tests.notifications.support import page

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


@dataclass
class FakePort:
    """One subject that the first acknowledge settles."""

    by: str = ""
    closed: bool = False
    calls: list[tuple[str, int, str]] = field(default_factory=list)

    def acknowledge(self, *, subject_key: str, user_id: int, via: str) -> str:
        self.calls.append((subject_key, user_id, via))
        if self.closed:
            return "Already resolved."
        if self.by:
            return f"Already acknowledged by {self.by} at 03:12."
        self.by = "Ada"
        return "Acknowledged 03:12, escalation stopped."

    def describe(self, *, subject_key: str, user_id: int) -> ReplySubject | None:
        if subject_key != "incident:42":
            return None
        state = f"Acknowledged by {self.by} at 03:12." if self.by else "Nobody has acknowledged this yet."
        return ReplySubject("#42 Payments <failing>", "/incidents/42/", state, not (self.by or self.closed))


@pytest.fixture
def port() -> Iterator[FakePort]:
    fake = FakePort()
    before = replies.register_port(fake)
    yield fake
    if before is not None:
        replies.register_port(before)


@pytest.fixture
def link(clock: Clock) -> str:
    """The link in the mail that Ada got."""
    ada = make_user("Ada")
    page(ada.pk, urgency="low")
    send_due()
    text = CapturedMail.objects.get().text
    return next(line for line in text.splitlines() if "/a/" in line).removeprefix("http://127.0.0.1:8000")


def test_a_scanner_that_opens_the_link_changes_nothing(link: str, port: FakePort) -> None:
    visitor = Client(enforce_csrf_checks=True)
    for _ in range(3):
        answer = visitor.get(link)
        assert answer.status_code == 200
        assert visitor.head(link).status_code == 200
    assert port.calls == []
    content = answer.content.decode()
    assert "#42 Payments &lt;failing&gt;" in content
    assert "Nobody has acknowledged this yet." in content
    assert "Acknowledge" in content
    assert (answer["X-Robots-Tag"], answer["Referrer-Policy"]) == ("noindex", "no-referrer")
    assert "no-store" in answer["Cache-Control"]


def test_the_button_acknowledges_as_the_person_who_got_the_mail(link: str, port: FakePort) -> None:
    visitor = Client(enforce_csrf_checks=True)
    answer = visitor.post(link)
    assert (answer.status_code, port.calls) == (
        200,
        [("incident:42", Delivery.objects.get().user_id, "mail")],
    )
    assert "Acknowledged 03:12, escalation stopped." in answer.content.decode()
    assert "<form" not in answer.content.decode().split("plain__card")[1]


def test_row_18_a_second_answer_says_who_was_first(link: str, port: FakePort) -> None:
    port.by = "Bo"
    shown = Client().get(link).content.decode()
    assert "Acknowledged by Bo at 03:12." in shown
    assert 'method="post"' not in shown.split("plain__card")[1]
    assert "Already acknowledged by Bo at 03:12." in Client().post(link).content.decode()


def test_row_18_after_the_end_it_says_so(link: str, port: FakePort) -> None:
    port.closed = True
    answer = Client().post(link)
    assert (answer.status_code, "Already resolved." in answer.content.decode()) == (200, True)


def gone(path: str) -> bool:
    answers = [Client().get(path), Client().post(path)]
    return all(
        answer.status_code == 404 and "older than seven days" in answer.content.decode() for answer in answers
    )


def test_forged_and_old_links_are_not_found(link: str, port: FakePort, clock: Clock) -> None:
    delivery = Delivery.objects.get().pk
    token = link.removeprefix("/a/").rstrip("/")
    forged = TimestampSigner(salt="something.else", sep=".").sign(str(delivery))
    changed = token.replace(str(delivery), str(delivery + 1), 1)
    for bad in (forged, changed, token[:-1], "x", "1.2.3"):
        assert gone(f"/a/{bad}/"), bad
    clock.shift(7 * 86400 + 1)
    assert gone(link)
    assert port.calls == []


def test_of_a_deleted_or_deactivated_person_or_an_unseen_subject_nothing_is_left(
    link: str, port: FakePort
) -> None:
    Delivery.objects.update(subject_key="incident:43")
    assert gone(link)
    Delivery.objects.update(subject_key="incident:42")
    user = Delivery.objects.get().user
    assert user is not None
    user.is_active = False
    user.save(update_fields=["is_active"])
    assert gone(link)
    Delivery.objects.update(user=None)
    assert gone(link)
    assert port.calls == []


def test_only_pages_have_such_links(clock: Clock, port: FakePort) -> None:
    row = Delivery.objects.create(
        key="m",
        category="update",
        channel="email",
        lane="x",
        due_at="2026-11-20T03:00Z",
        user=make_user("Ada"),
    )
    assert gone(links.acknowledge_path(row.pk))
