"""How what the product itself notices goes into the pipeline: as an intake item like any other."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import msgspec

from alerts.choices import IntakeStatus
from alerts.models import IntakeItem, Integration
from alerts.sources.base import Parsed
from core.wakeup import wake


def feed(
    integration: Integration,
    parsed: Parsed,
    now: dt.datetime,
    *,
    raw: Any = None,
    dropped: str = "",
    request_id: uuid.UUID | None = None,
) -> IntakeItem:
    """Store an event of `integration` in the caller's transaction and wake the workers after it.

    `dropped`: why nothing is to come of it; then it is kept, and shown with that reason.
    """
    item = IntakeItem.objects.create(
        integration=integration,
        service_id=integration.service_id,
        action=parsed.action,
        dedup_key=parsed.dedup_key,
        parsed=msgspec.to_builtins(parsed),
        raw=raw,
        request_id=request_id or uuid.uuid4(),
        received_at=now,
        status=IntakeStatus.DROPPED if dropped else IntakeStatus.PENDING,
        outcome=dropped[:300],
        processed_at=now if dropped else None,
    )
    if not dropped:
        wake("alerts.process_intake")
    return item
