"""What is known of an incident: triage answers, impact, exit criteria, relations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from incidents import details, hooks
from incidents.actions.criteria import verdicts
from incidents.choices import CriterionKind, FieldKind, FieldSection, ImpactCondition, Reach
from incidents.criteria import describe
from incidents.models import ImpactRow, Incident
from incidents.priority import Suggestion, matrix, suggest
from incidents.selectors import relatives
from incidents.views.parts.base import Part, State
from teams.models import User


@dataclass(frozen=True)
class Answer:
    """A field that is asked, its section and its answer as it is shown ("" while there is none)."""

    label: str
    section: str
    text: str
    link: str = ""


def _known(state: State) -> dict[str, Any]:
    incident = state.incident
    asked = details.asked(details.definitions(), incident)
    people = _people(asked, incident)
    answers = [_answer(field, incident.fields.get(field.key), people) for field in asked]
    over, reads = not incident.is_active, "edit_entry" in state.verbs
    wanted = (
        ()
        if state.light
        else (FieldSection.TRIAGE, FieldSection.DETAILS, *((FieldSection.CLOSING,) if over else ()))
    )
    return {
        "answers": [row for row in answers if row.text or row.section in wanted],
        "unanswered": sum(not row.text and row.section == FieldSection.TRIAGE for row in answers),
        # Said to those who work on it: a reader or support sees the incident and not this.
        "feedback": list(incident.feedback.select_related("user")) if over and reads else [],
        "reads_feedback": reads,
    }


def _people(asked: list[Any], incident: Incident) -> dict[int, str]:
    ids = [incident.fields.get(field.key) for field in asked if field.kind == FieldKind.PERSON]
    ids = [pk for pk in ids if isinstance(pk, int)]
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}


def _answer(field: Any, answer: Any, people: dict[int, str]) -> Answer:
    if answer is None:
        return Answer(field.label, field.section, "")
    text = str(answer)
    if field.kind == FieldKind.YES_NO:
        text = str(_("Yes") if answer else _("No"))
    elif isinstance(answer, list):
        text = ", ".join(map(str, answer))
    elif field.kind == FieldKind.PERSON:
        text = people.get(answer, "")
    elif field.kind == FieldKind.MOMENT:
        text = text[:16].replace("T", " ") + " UTC"
    return Answer(field.label, field.section, text, text if field.kind == FieldKind.LINK else "")


def _budgets(state: State) -> dict[str, Any]:
    return {"budgets": hooks.budgets(state.actor, state.incident.number) if state.service_ids else []}


def _impact(state: State) -> dict[str, Any]:
    rows = list(state.incident.impact_rows.select_related("service")) if state.has("impact") else []
    seen = state.visible_service_ids([row.service_id for row in rows if row.service_id])
    shown = [row for row in rows if row.service_id is None or row.service_id in seen]
    return {
        "impact_rows": [_shown(row) for row in reversed(shown)],
        "suggestion": _graver(state.incident, shown),
    }


def _graver(incident: Incident, rows: list[ImpactRow]) -> Suggestion | None:
    """What the matrix suggests, where that is graver than what people have set."""
    found = suggest(rows, matrix()) if incident.is_active and rows else None
    rank = incident.severity_id
    return found if found and (rank is None or found.rank < rank) else None


def _shown(row: ImpactRow) -> dict[str, Any]:
    counts = [
        (row.customers, _("customers")),
        (row.requests_failed, _("failed requests")),
        (row.tickets, _("tickets")),
    ]
    figures = [f"{number:,} {word}" for number, word in counts if number is not None]
    if row.data_lost:
        figures.append(_("data lost: %(what)s") % {"what": row.data_lost})
    return {
        "row": row,
        "condition": ImpactCondition(row.condition).label,
        "reach": Reach(row.reach).label if row.reach else "",
        "places": ", ".join([*row.regions, *row.segments]),
        "figures": " · ".join(figures),
    }


def _criteria(state: State) -> dict[str, Any]:
    found = verdicts(state.incident, state.now) if state.has("criteria") else []
    rows = [
        {
            "id": verdict.criterion.pk,
            "text": describe(verdict.criterion.kind, verdict.criterion.minutes, verdict.criterion.text),
            "manual": verdict.criterion.kind == CriterionKind.MANUAL,
            "met": verdict.met,
            "why": "" if verdict.criterion.kind == CriterionKind.MANUAL else verdict.why,
            "by": verdict.criterion.met_by.name if verdict.criterion.met_by else "",
        }
        for verdict in found
    ]
    return {"criteria": rows, "criteria_met": sum(bool(row["met"]) for row in rows)}


def _relations(state: State) -> dict[str, Any]:
    return {"relatives": relatives(state.actor, state.incident) if state.has("relatives") else []}


PARTS = (
    Part("known", "incidents/partials/known.html", _known),
    Part("impact", "incidents/partials/impact.html", _impact),
    Part("budgets", "incidents/partials/budgets.html", _budgets),
    Part("criteria", "incidents/partials/criteria.html", _criteria),
    Part("relations", "incidents/partials/relations.html", _relations),
)
