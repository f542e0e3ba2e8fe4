"""Change events that come over an integration key; they never notify anybody."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q

from alerts.models import Integration
from alerts.sources.base import fail, instant, links, require_object
from core import clock
from core.crypto import digest
from core.text import one_line
from services.models import ChangeEvent


def store_change(key: str, body: dict[str, Any]) -> bool:
    """Store a PagerDuty-shaped change event on the integration's service; False for an unknown key."""
    details = require_object(body.get("payload"), "payload")
    summary = details.get("summary")
    if not isinstance(summary, str) or not summary.strip():
        raise fail("payload.summary", "is required")
    happened = instant(details.get("timestamp"), "payload.timestamp")
    found = links(body.get("links") if isinstance(body.get("links"), list) else None)
    hashed = digest(key)
    rows = Integration.objects.filter(Q(key_digest=hashed) | Q(next_key_digest=hashed), is_active=True)
    service_id = rows.values_list("service_id", flat=True).first()
    if service_id is None:
        return False
    now = clock.now()
    ChangeEvent.objects.create(
        service_id=service_id,
        summary=one_line(summary, 1024),
        source=one_line(str(details.get("source") or ""), 200),
        happened_at=min(dt.datetime.fromisoformat(happened), now) if happened else now,
        links=found,
    )
    return True
