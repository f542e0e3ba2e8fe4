"""Changes among the items of a batch: each becomes a change event of its service, or says why not."""

from __future__ import annotations

import datetime as dt

import msgspec

from alerts.choices import IntakeAction, IntakeStatus
from alerts.models import IntakeItem, Integration
from alerts.routing import enriching
from alerts.sources import Parsed
from core.text import one_line
from services.actions import receive_change
from services.choices import ChangeKind
from services.models import Service


def settle_change(item: IntakeItem, now: dt.datetime) -> None:
    """Record the change that waits in this item. It happened no later than it came in."""
    if item.action != IntakeAction.CHANGE or item.status != IntakeStatus.PENDING:
        return
    parsed = msgspec.convert(item.parsed, Parsed)
    service, why = _service(item, parsed)
    if service is None:
        _end(item, IntakeStatus.DROPPED, "There is no service for it")
        return
    happened = dt.datetime.fromisoformat(parsed.occurred_at) if parsed.occurred_at else item.received_at
    made = receive_change(
        service_id=service.pk,
        kind=parsed.change if parsed.change in ChangeKind.values else ChangeKind.DEPLOY,
        summary=parsed.title,
        source=parsed.source,
        happened_at=min(happened, item.received_at),
        links=parsed.links,
        delivery=f"{item.integration_id}:{parsed.dedup_key}" if parsed.dedup_key else "",
    )
    if made is None:
        _end(item, IntakeStatus.DROPPED, "This delivery came before: its change is recorded once")
        return
    Integration.objects.filter(pk=item.integration_id).update(last_received_at=now)
    _end(item, IntakeStatus.DONE, f"Change of {service.name}{why}: {parsed.title}")


def _end(item: IntakeItem, status: IntakeStatus, outcome: str) -> None:
    item.status, item.outcome = status, one_line(outcome, 300)


def _service(item: IntakeItem, parsed: Parsed) -> tuple[Service | None, str]:
    """The service that the integration's label names, else the integration's own; with a remark."""
    integration = item.integration
    slug = parsed.labels.get(integration.service_label, "").strip() if integration.service_label else ""
    if not slug:
        return item.service, ""
    asked = (integration.team_id, slug[:63])
    found = enriching.named([asked]).get(asked)
    if found is None:
        return item.service, f" ({integration.service_label}={slug[:63]} names no service of this team)"
    return found, ""
