"""Short cuts of the incident tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from core import clock
from incidents import actions
from incidents.actions.access import grant_respond
from incidents.choices import IncidentStatus as S
from incidents.models import Incident
from tests.world import World

START = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)


def declare(world: World, who: str = "ada", **fields: Any) -> Incident:
    """An incident on the world's service, in investigating, that pages nobody unless asked to."""
    fields.setdefault("title", "Checkout down")
    fields.setdefault("page", False)
    return actions.declare_incident(actor=world.actor(who), service_ids=[world.service.pk], **fields)


def put(incident: Incident, status: str) -> Incident:
    """The incident in `status`, whatever the rules say."""
    fields: dict[str, Any] = {"status": status}
    if status in (S.RESOLVED, S.IN_REVIEW, S.CLOSED):
        fields["resolved_at"] = clock.now()
    if status == S.DECLINED:
        fields["reason"] = "No incident"
    if status == S.MERGED:
        survivor = Incident.objects.exclude(pk=incident.pk).order_by("pk").first()
        assert survivor is not None
        fields["merged_into"] = survivor
    Incident.objects.filter(pk=incident.pk).update(**fields)
    incident.refresh_from_db()
    return incident


def grant(incident: Incident, *user_ids: int) -> None:
    grant_respond(incident, *user_ids)


def at_once(jobs: list[Callable[[], Any]], workers: int = 8) -> list[Any]:
    """Results of the jobs, run on connections of their own; an exception is its result."""

    def run(job: Callable[[], Any]) -> Any:
        try:
            return job()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, jobs))
