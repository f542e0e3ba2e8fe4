from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from django.db.models import Model

    from core.housekeeping import Stale

EVENTS_KEPT = dt.timedelta(days=7)
ANSWERS_KEPT = dt.timedelta(hours=24)


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core import housekeeping
        from core.models import IdempotentRequest, LiveEntry, OutboxEvent

        done = OutboxEvent.objects.filter(status="done")
        housekeeping.register("events", lambda now: done.filter(created_at__lt=now - EVENTS_KEPT))
        for kind, model in (("live entries", LiveEntry), ("answers", IdempotentRequest)):
            housekeeping.register(kind, _older(model))


def _older(model: type[Model]) -> Stale:
    return lambda now: model._default_manager.filter(created_at__lt=now - ANSWERS_KEPT)
