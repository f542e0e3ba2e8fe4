"""Head, facts, and what is next: who is paged, what changed, which runbook helps."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from incidents.choices import Role, UpdateAudience
from incidents.models import Incident
from incidents.runbooks.selectors import external
from incidents.runbooks.working import offers
from incidents.views.parts.base import Part, State
from oncall.choices import RunStatus
from oncall.models import EscalationRun

# How many runbooks the page offers; those that fit best.
_RUNBOOKS = 8


def _head(state: State) -> dict[str, Any]:
    return {
        "runs": state.runs,
        "communications": next((r.user for r in state.roles if r.role == Role.COMMUNICATIONS), None),
        "promise_label": _promise_label(state.incident),
        "paged_people": _paged(state.runs),
        "paged_me": _paged_me(state.runs, state.actor.user_id),
    }


def _facts(state: State) -> dict[str, Any]:
    return {}


def _next(state: State) -> dict[str, Any]:
    return {
        "runs": state.runs,
        "runbooks": offers(
            state.actor,
            state.incident,
            [row.service for row in state.services],
            state.now,
            started=state.has("runbook_runs"),
        )[:_RUNBOOKS],
        "runbook_links": external(state.actor, state.service_ids),
    }


def _promise_label(incident: Incident) -> str:
    audience = incident.next_update_audience
    name = UpdateAudience(audience).label if audience in UpdateAudience.values else ""
    return _("%(audience)s update due in") % {"audience": name}


def _paged_me(runs: list[EscalationRun], user_id: int | None) -> bool:
    """Whether an escalation that still runs waits for this person."""
    return any(
        page.user_id == user_id and page.reached and page.declined_at is None
        for run in runs
        if run.status == RunStatus.ACTIVE
        for page in run.pages.all()
    )


def _paged(runs: list[EscalationRun]) -> list[str]:
    """Names of those paged by escalations that still run, each once."""
    names = [
        page.user.name
        for run in runs
        if run.status == RunStatus.ACTIVE
        for page in run.pages.all()
        if page.reached and page.user
    ]
    return list(dict.fromkeys(names))


def _bar(state: State) -> dict[str, Any]:
    return {"paged_me": _paged_me(state.runs, state.actor.user_id)}


def _banner(state: State) -> dict[str, Any]:
    return {}


PARTS = (
    Part("banner", "incidents/partials/banner.html", _banner),
    Part("head", "incidents/partials/head.html", _head),
    Part("facts", "incidents/partials/facts.html", _facts),
    Part("next", "incidents/partials/next.html", _next),
    Part("bar", "incidents/partials/thumb_bar.html", _bar),
)
