"""What came in over an integration: reading it again, confirming a subscription, a test by hand."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from alerts.actions.integrations import locked_integration
from alerts.choices import IntakeAction, IntakeStatus
from alerts.intake.sns import confirm
from alerts.models import IntakeItem, Integration
from alerts.sources import SOURCES
from alerts.sources.base import Parsed
from core import clock
from core.errors import Conflict, NotVisible, field_error
from core.wakeup import wake
from teams.actions.audit import record
from teams.actor import Actor

MOST_REPLAYED = 200


def replay(*, actor: Actor, integration_id: int, item_id: int | None = None) -> int:
    """Let the worker read again what was not understood: one, or all of them. Returns how many.

    Managers of the team. `NotVisible` when the one is not there, `Conflict` when it has been understood.
    """
    with transaction.atomic():
        integration = locked_integration(actor, integration_id)
        rows = IntakeItem.objects.filter(integration=integration).select_for_update(no_key=True, of=("self",))
        rows = rows.filter(status=IntakeStatus.UNREAD) if item_id is None else rows.filter(pk=item_id)
        found = list(rows.defer("raw").order_by("pk")[:MOST_REPLAYED])
        if item_id is not None and not found:
            raise NotVisible
        if any(item.status != IntakeStatus.UNREAD for item in found):
            raise Conflict("It was understood already.", code="not_unread")
        for item in found:
            item.parsed = {name: value for name, value in item.parsed.items() if name != "refused"}
            item.action, item.status, item.outcome = IntakeAction.READ, IntakeStatus.PENDING, ""
            item.service_id, item.processed_at = integration.service_id, None
            item.attempts, item.next_attempt_at = 0, None
        IntakeItem.objects.bulk_update(
            found,
            [
                *("parsed", "action", "status", "outcome"),
                *("service_id", "processed_at", "attempts", "next_attempt_at"),
            ],
        )
        if found:
            _record(actor, "payloads read again", integration, {"count": len(found)})
            wake("alerts.process_intake")
    return len(found)


def confirm_subscription(*, actor: Actor, integration_id: int, topic: str) -> Integration:
    """Tell SNS that this topic may post here. Managers of the team; audited."""
    with transaction.atomic():
        integration = locked_integration(actor, integration_id)
        waiting = {row["topic"]: row["url"] for row in pending_subscriptions(integration)}
    if topic not in waiting:
        raise NotVisible
    if fault := confirm(waiting[topic]):
        raise field_error("topic", f"SNS could not be told: {fault}")
    with transaction.atomic():
        integration = locked_integration(actor, integration_id)
        rest = [row for row in pending_subscriptions(integration) if row["topic"] != topic]
        integration.settings = {**integration.settings, "subscriptions": rest}
        integration.save(update_fields=["settings"])
        _record(actor, "subscription confirmed", integration, {"topic": topic})
    return integration


def pending_subscriptions(integration: Integration) -> list[dict[str, str]]:
    """Topics of SNS that wait for a confirmation: {topic, url, at}."""
    found = integration.settings.get("subscriptions") if isinstance(integration.settings, dict) else None
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def send_test(*, actor: Actor, integration_id: int) -> None:
    """A test alert through this integration, as if its source had sent it. Managers of the team.

    `Conflict` for one that tells of changes: GitHub and GitLab have a button for it.
    """
    with transaction.atomic():
        integration = locked_integration(actor, integration_id)
        source = SOURCES.get(integration.kind)
        if source is not None and source.changes:
            raise Conflict("It makes no alerts; send a test from the webhook's own page.", code="no_alerts")
        parsed = Parsed(
            action="trigger",
            dedup_key=f"test:{integration.pk}",
            group_key=f"test:{integration.pk}",
            title=_("Test alert from %(name)s") % {"name": integration.name},
            description=_("Sent by hand from the integration's page."),
            severity="info",
            source=integration.name,
            labels={"test": "yes"},
            signed=True,
        )
        IntakeItem.objects.create(
            integration=integration,
            service=integration.service,
            action="trigger",
            dedup_key=parsed.dedup_key,
            parsed=msgspec.to_builtins(parsed),
            request_id=uuid.uuid4(),
            received_at=clock.now(),
        )
        wake("alerts.process_intake")


def _record(actor: Actor, verb: str, integration: Integration, data: dict[str, Any]) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="integration",
        obj_id=integration.pk,
        label=integration.name,
        team_id=integration.team_id,
        data=data,
    )
