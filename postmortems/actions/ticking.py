"""Action items tick themselves when the thing they name was changed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

import structlog
from django.db import transaction

from core import clock
from incidents.target_hooks import Change, targets
from postmortems.actions.item_rows import take, written
from postmortems.actions.items import close
from postmortems.choices import ItemStatus
from postmortems.models import ActionItem
from teams.actor import system_actor

logger = structlog.get_logger(__name__)
BATCH = 200


def tick_targets(*, now: dt.datetime | None = None) -> int:
    """Set open items done whose thing was changed after it was named; returns how many. One statement for each kind
    of thing in a batch; idempotent, and one that fails keeps no other from being done."""
    now = now or clock.database_now()
    done, last = 0, 0
    rows = ActionItem.objects.open().exclude(target="").filter(target_since__isnull=False).order_by("pk")
    while items := list(rows.filter(pk__gt=last)[:BATCH]):
        last = items[-1].pk
        for item, change in _changed(items):
            try:
                done += _tick(item, change, now)
            except Exception:
                # One item must not hold up the others.
                logger.exception("postmortems.tick_failed", item=item.pk)
    return done


def _changed(items: Sequence[ActionItem]) -> list[tuple[ActionItem, Change]]:
    by_kind: dict[str, dict[str, list[ActionItem]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        kind, _colon, key = item.target.partition(":")
        by_kind[kind][key].append(item)
    found = []
    providers = targets()
    for kind, keys in by_kind.items():
        if kind not in providers:
            continue
        try:
            with transaction.atomic():
                changes = providers[kind].last_changes(list(keys))
        except Exception:
            # What one room cannot tell must not hold up what the others can.
            logger.exception("postmortems.targets_failed", kind=kind)
            continue
        for key, change in changes.items():
            found += [(item, change) for item in keys.get(key, ()) if _after(item, change)]
    return found


def _after(item: ActionItem, change: Change) -> bool:
    return item.target_since is not None and change.at > item.target_since


def _tick(seen: ActionItem, change: Change, now: dt.datetime) -> int:
    with transaction.atomic():
        item = take(seen.pk)
        if not item.is_open or item.target != seen.target or not _after(item, change):
            return 0
        close(item, ItemStatus.DONE, now)
        item.target_changed_at, item.updated_at = change.at, now
        if change.words not in item.proof:
            item.proof = f"{item.proof}\n\n{change.words}".strip()
        item.save()
        written(
            system_actor(via="rule"),
            item,
            "target",
            f"Done by itself: {change.words}",
            now=now,
            verb="ticked",
            data={"target": item.target, "changed_at": change.at.isoformat()},
        )
    return 1
