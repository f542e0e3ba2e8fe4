"""Items stored as they came are read here, by the worker, before anything else happens to them.

Of such an item (action `read`) `parsed` says how: `kind`, the source whose parser or mapping reads `raw`; `body` and
`headers`, when a signature is to be checked; `ignored` or `refused`, the reason why it is only kept; `event`, one that
was parsed already. What cannot be read becomes `unread` with the reason, is kept and may be replayed.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import orjson
import structlog
from django.db import connection

from alerts import mapping
from alerts.choices import IntakeAction, IntakeStatus
from alerts.models import IntakeItem, Integration
from alerts.processing.changes import settle_change
from alerts.processing.lookups import look_up_again
from alerts.sources import SOURCES, Event, Ignored, Parsed, PayloadError
from core.containment import contained
from core.crypto import unseal
from core.text import one_line

log = structlog.get_logger("watchbill.intake")
# Reading the items of one batch may take so long; the rest waits for the next.
SECONDS = 3.0
# Of each integration so many that were not understood are kept.
KEPT_UNREAD = 200
# What is dealt with here, of all that waits.
_HERE = (IntakeAction.READ, IntakeAction.CHANGE)
_FIELDS = ("id", "action", "dedup_key", "parsed", "raw", "status", "outcome")
_UPDATE = """
UPDATE alerts_intakeitem AS item
SET action = read.action, dedup_key = read.dedup_key, parsed = read.parsed, raw = read.raw, status = read.status,
    outcome = read.outcome, processed_at = CASE WHEN read.status <> 'pending' THEN %(now)s END
FROM jsonb_to_recordset(%(rows)s::jsonb)
     AS read(id bigint, action text, dedup_key text, parsed jsonb, raw jsonb, status text, outcome text)
WHERE item.id = read.id
"""


@dataclass
class _Read:
    """What became of one item: itself, and further ones when it held several alerts. `body`: what is to be shown
    beside the integration's mapping."""

    item: IntakeItem
    body: Any = None
    more: list[IntakeItem] = field(default_factory=list)
    changed: bool = True


def read_items(items: list[IntakeItem], now: dt.datetime) -> list[IntakeItem]:
    """The items of a batch, all of them read and looked up; fewer when some held nothing or changes alone, or more."""
    if not any(item.action in _HERE or item.integration.secret_sealed for item in items):
        return items
    until = time.monotonic() + SECONDS
    done: list[_Read] = []
    for item in items:
        if time.monotonic() > until:
            break
        done.append(_read(item, now))
    changed = [read for read in done if read.changed]
    if not changed:
        return items[: len(done)]
    contained(lambda: _write(changed, now), lambda: _write_each(changed, now))
    _tidy(changed)
    return _again(done, items)


def _read(item: IntakeItem, now: dt.datetime) -> _Read:
    if item.action != IntakeAction.READ:
        if _signs(item.integration) and not item.parsed.get("signed"):
            item.action, item.parsed = IntakeAction.READ, {"event": item.parsed}
            return _end(item, IntakeStatus.UNREAD, "It is not signed, and this integration has a secret")
        if item.action != IntakeAction.CHANGE:
            return _Read(item, changed=False)
    body = item.raw if item.parsed.get("kind") == "custom" else None
    read = _outcome(item, now)
    read.body = body
    return read


def _outcome(item: IntakeItem, now: dt.datetime) -> _Read:
    try:
        read = _Read(item) if item.action == IntakeAction.CHANGE else _take(item, _events(item))
        for each in (item, *read.more):
            settle_change(each, now)
        return read
    except Ignored as why:
        return _end(item, IntakeStatus.DROPPED, str(why))
    except PayloadError as error:
        return _end(item, IntakeStatus.UNREAD, _reasons(error))
    except Exception as error:  # process edge: whatever it is, the item is kept for somebody to look at
        log.exception("an intake item could not be read", item=item.pk)
        return _end(item, IntakeStatus.UNREAD, f"{type(error).__name__}: {error}")


def _end(item: IntakeItem, status: IntakeStatus, why: str) -> _Read:
    item.status, item.outcome = status, one_line(why, 300)
    return _Read(item)


def _reasons(error: PayloadError) -> str:
    pairs = [f"{name}: {why[0]}" if name else why[0] for name, why in list(error.errors.items())[:5]]
    return " ".join(pairs)


def _events(item: IntakeItem) -> list[Event]:
    how, integration = item.parsed, item.integration
    if how.get("ignored"):
        raise Ignored(how["ignored"])
    if how.get("refused"):
        raise PayloadError({"": [how["refused"]]})
    signed = _signs(integration)
    if signed and (fault := _signature_fault(how, integration)):
        raise PayloadError({"": [fault]})
    if "event" in how:
        return [Event(msgspec.convert(how["event"], Parsed), item.raw)]
    events = _parsed(item, str(how.get("kind", "")))
    if not signed:
        return events
    return [Event(msgspec.structs.replace(event.parsed, signed=True), event.raw) for event in events]


def _signs(integration: Integration) -> bool:
    source = SOURCES.get(integration.kind)
    return bool(integration.secret_sealed) and source is not None and source.verify is not None


def _signature_fault(how: dict[str, Any], integration: Integration) -> str:
    source = SOURCES[integration.kind]
    if how.get("kind") != integration.kind or "body" not in how or source.verify is None:
        return "It is not signed, and this integration has a secret"
    secret = unseal(integration.secret_sealed)
    if not secret:
        return "The integration's secret cannot be read any more: set it anew"
    return source.verify(how["body"].encode(), how.get("headers", {}), secret)


def _parsed(item: IntakeItem, kind: str) -> list[Event]:
    source = SOURCES.get(kind)
    if source is not None and not source.mapped and source.parse is not None:
        return source.parse(item.raw, item.parsed.get("headers"))
    own = item.integration.mapping
    if isinstance(own, dict) and own and item.integration.kind == kind:
        return mapping.read(own, item.raw)
    shipped = SOURCES.get(kind if kind != "custom" else item.integration.kind)
    return mapping.read(shipped.mapping if shipped else {}, item.raw)


def _take(item: IntakeItem, events: list[Event]) -> _Read:
    """The item is its first event; what else it held becomes items of its own."""
    more = [
        IntakeItem(
            integration=item.integration,
            service=item.service,
            action=event.parsed.action,
            dedup_key=event.parsed.dedup_key,
            parsed=msgspec.to_builtins(event.parsed),
            raw=event.raw,
            request_id=item.request_id,
            received_at=item.received_at,
        )
        for event in events[1:]
    ]
    first = events[0]
    item.action, item.dedup_key = first.parsed.action, first.parsed.dedup_key
    item.parsed, item.raw = msgspec.to_builtins(first.parsed), first.raw
    return _Read(item, more=more)


def _write(reads: list[_Read], now: dt.datetime) -> None:
    rows = [{name: getattr(read.item, name) for name in _FIELDS} for read in reads]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, {"rows": orjson.dumps(rows, default=str).decode(), "now": now})
    IntakeItem.objects.bulk_create([item for read in reads for item in read.more])
    for integration_id, body in {r.item.integration_id: r.body for r in reads if r.body is not None}.items():
        Integration.objects.filter(pk=integration_id).update(last_payload=body)


def _write_each(reads: list[_Read], now: dt.datetime) -> None:
    """Together they could not be stored: find the one that is to blame."""
    log.exception("items that were read could not be stored; taking them one by one", items=len(reads))
    for read in reads:
        contained(partial(_write, [read], now), partial(_give_up, read, now))


def _give_up(read: _Read, now: dt.datetime) -> None:
    read.more = []
    read.item.status = IntakeStatus.UNREAD
    IntakeItem.objects.filter(pk=read.item.pk).update(
        status=IntakeStatus.UNREAD, outcome="What was read could not be stored", processed_at=now
    )


def _tidy(reads: list[_Read]) -> None:
    """Of what was not understood the newest stay."""
    for integration_id in {
        read.item.integration_id for read in reads if read.item.status == IntakeStatus.UNREAD
    }:
        unread = IntakeItem.objects.filter(integration=integration_id, status=IntakeStatus.UNREAD)
        oldest = unread.order_by("-pk").values_list("pk", flat=True)[KEPT_UNREAD : KEPT_UNREAD + 1].first()
        if oldest is not None:
            unread.filter(pk__lte=oldest).delete()


def _again(done: list[_Read], items: list[IntakeItem]) -> list[IntakeItem]:
    """The items that go on, looked up by the keys they have now, in the order in which they came."""
    first: Any = items[0]
    ready: list[Any] = []
    changed: list[Any] = []
    for read in done:
        own: Any = read.item
        here: list[Any] = [each for each in (own, *read.more) if each.status == IntakeStatus.PENDING]
        for each in here:
            each.ruled, each.due = own.ruled, first.due
            each.recent, each.storm = first.recent, first.storm
        ready += here
        changed += here if read.changed else []
    if changed:
        look_up_again(changed)
    return ready
