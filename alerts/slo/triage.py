"""Error budgets where an incident is judged: the hook of `incidents`."""

from __future__ import annotations

from alerts.models import Objective
from alerts.slo import words
from alerts.slo.catalog import tone
from alerts.slo.selectors import of_incident
from incidents.hooks import Budget
from teams.actor import Actor


def budgets(actor: Actor, number: int) -> list[Budget]:
    """The measured objectives of an incident's services, the least budget first."""
    rows = [row for row in of_incident(actor, number) if row.budget_left is not None]
    return [Budget(_named(row, rows), words.state(row), tone(row), row.get_absolute_url()) for row in rows]


def _named(row: Objective, rows: list[Objective]) -> str:
    """By its service; where that has several objectives, by both."""
    several = sum(other.service_id == row.service_id for other in rows) > 1
    return f"{row.service.name} · {row.name}" if several else row.service.name
