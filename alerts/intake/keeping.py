"""What a sender was refused is kept, so that somebody can see it; best effort, and never instead of the refusal."""

from __future__ import annotations

from typing import Any

from alerts.intake import limits
from alerts.intake.messages import Reply, Waiting
from alerts.intake.store import Batch


def keep(key: str, kind: str, payload: Any, refusal: Reply, why: str) -> Reply | Waiting:
    """The refusal, after the payload has been kept if it may be: some of each key, never more than 200 for ever."""
    if not isinstance(payload, dict | list) or not payload or not limits.may_keep(key):
        return refusal
    how = {"kind": kind, "refused": why[:300]}
    return Waiting(Batch.to_read(key, how, payload), lambda _stored: refusal, refusal)
