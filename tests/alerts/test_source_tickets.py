"""Support tickets as a source: their captured bodies open, repeat and resolve; the incident knows the ticket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from alerts.models import Alert, IntakeItem
from incidents.models import Incident
from tests.alerts.support import native, payload
from tests.world import make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]

# kind → dedup key, title, severity, urgency, source, some of its labels, link
SEEN: dict[str, tuple[str, str, str, str, str, dict[str, str], dict[str, str]]] = {
    "zendesk": (
        "ticket:35436",
        "Cannot pay with my card",
        "critical",
        "high",
        "Zendesk",
        {"ticket": "#35436", "priority": "Urgent", "group": "Support", "tags": "payments vip"},
        {"href": "https://shop.zendesk.com/agent/tickets/35436", "text": "Ticket #35436"},
    ),
    "jira": (
        "ticket:10412",
        "Customers cannot pay with their cards",
        "critical",
        "high",
        "Support desk",
        {"ticket": "SUP-87", "priority": "Highest", "project": "SUP", "tags": "payments,card"},
        {"href": "https://shop.atlassian.net/browse/SUP-87", "text": "SUP-87"},
    ),
    "freshdesk": (
        "ticket:1187",
        "Payment page shows an error",
        "error",
        "high",
        "Freshdesk",
        {"ticket": "#1187", "priority": "High", "group": "Payments", "tags": "checkout"},
        {"href": "https://shop.freshdesk.com/a/tickets/1187", "text": "Ticket #1187"},
    ),
}
REFUSED = {
    "zendesk": "occurred_at: Must be an ISO 8601 time.",
    "jira": "occurred_at: Must be an ISO 8601 time.",
    "freshdesk": "title: It comes out empty for this payload.",
}


@pytest.mark.parametrize("kind", SEEN)
def test_opens_repeats_and_resolves(kind: str, drain: Drain) -> None:
    world = make_world()
    assert native(world.key, payload(f"{kind}/open"), kind).status == 202
    drain()
    alert, incident = Alert.objects.get(), Incident.objects.get()
    key, title, severity, urgency, source, labels, link = SEEN[kind]
    assert (alert.dedup_key, alert.group_key, alert.title) == (key, key, title)
    assert (alert.severity, alert.urgency, alert.source) == (severity, urgency, source)
    assert {name: alert.labels.get(name) for name in labels} == labels
    assert alert.links == [link]
    assert (incident.ticket, incident.source_link, incident.source) == (
        labels["ticket"],
        link["href"],
        source,
    )
    assert alert.raw == payload(f"{kind}/open")

    native(world.key, payload(f"{kind}/repeat"), kind)
    drain()
    assert list(Alert.objects.values_list("status", "count")) == [("firing", 2)]

    native(world.key, payload(f"{kind}/resolve"), kind)
    drain()
    assert list(Alert.objects.values_list("status", "count")) == [("resolved", 2)]
    assert list(IntakeItem.objects.values_list("status", flat=True)) == ["done"] * 3


@pytest.mark.parametrize("kind", SEEN)
def test_what_cannot_be_read_is_kept_with_its_reason(kind: str, drain: Drain) -> None:
    world = make_world()
    assert native(world.key, payload(f"{kind}/malformed"), kind).status == 202
    drain()
    assert not Alert.objects.exists()
    found = list(IntakeItem.objects.values_list("status", "outcome", "raw"))
    assert found == [("unread", REFUSED[kind], payload(f"{kind}/malformed"))]


@pytest.mark.parametrize(
    ("kind", "path", "value", "severity", "urgency"),
    [
        ("zendesk", ("ticket", "priority"), "", "warning", "low"),
        ("zendesk", ("ticket", "priority"), "Low", "info", "low"),
        ("jira", ("issue", "fields", "priority"), None, "warning", "low"),
        ("jira", ("issue", "fields", "priority"), {"name": "Lowest"}, "info", "low"),
        ("freshdesk", ("freshdesk_webhook", "ticket_priority"), "Medium", "warning", "low"),
        ("freshdesk", ("freshdesk_webhook", "ticket_priority"), "Urgent", "critical", "high"),
    ],
)
def test_a_ticket_pages_by_its_priority(
    kind: str, path: tuple[str, ...], value: Any, severity: str, urgency: str, drain: Drain
) -> None:
    world, body = make_world(), payload(f"{kind}/open")
    inner = body
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    native(world.key, body, kind)
    drain()
    assert list(Alert.objects.values_list("severity", "urgency")) == [(severity, urgency)]


def test_a_deleted_issue_is_over(drain: Drain) -> None:
    world = make_world()
    native(world.key, payload("jira/open"), "jira")
    native(world.key, payload("jira/deleted"), "jira")
    drain()
    assert Alert.objects.get().status == "resolved"
