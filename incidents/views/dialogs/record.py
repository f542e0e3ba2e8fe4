"""Dialogs about what is known of an incident: type, answers, impact, criteria, times, relations, the end."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from core import clock
from incidents import actions
from incidents.actions import gate
from incidents.choices import IncidentStatus
from incidents.forms import record as forms
from incidents.forms.lifecycle import EmptyForm
from incidents.models import Incident
from incidents.views.dialogs.base import Verb
from teams.actor import Actor


def _resolve_extra(actor: Actor, incident: Incident) -> dict[str, Any]:
    return {"in_the_way": gate.in_the_way(incident, IncidentStatus.RESOLVED, clock.now())}


def _relate(*, actor: Actor, number: int, kind: str, other: int) -> None:
    if kind == "parent":
        actions.set_parent(actor=actor, number=number, parent=other)
    elif kind == "none":
        incident = Incident.objects.visible_to(actor).filter(number=number, parent__number=other)
        if incident.exists():
            actions.set_parent(actor=actor, number=number, parent=None)
        actions.unrelate(actor=actor, number=number, other=other)
    else:
        actions.relate(actor=actor, number=number, kind=kind, other=other)


def _merge_in(*, actor: Actor, number: int, numbers: list[int]) -> None:
    actions.merge_several(actor=actor, into=number, numbers=numbers)


VERBS: dict[str, Verb] = {
    "type": Verb(
        forms.TypeForm,
        actions.set_type,
        gettext_lazy("Set the type"),
        gettext_lazy("Set type"),
        gettext_lazy("A type brings its own questions and playbooks."),
    ),
    "details": Verb(
        forms.AnswersForm, actions.set_fields, gettext_lazy("What is known"), gettext_lazy("Save")
    ),
    "times": Verb(
        forms.TimesForm,
        actions.set_times,
        gettext_lazy("Correct the times"),
        gettext_lazy("Save times"),
        gettext_lazy("All figures derive from these. Old and new values are kept."),
    ),
    "hold": Verb(
        forms.HoldForm,
        actions.hold,
        gettext_lazy("Put on hold"),
        gettext_lazy("Put on hold"),
        gettext_lazy("Promises and reminders wait until then. The state stays as it is."),
    ),
    "resume": Verb(
        EmptyForm,
        actions.resume,
        gettext_lazy("Go on"),
        gettext_lazy("Go on"),
        gettext_lazy("It no longer waits."),
    ),
    "impact-row": Verb(
        forms.ImpactRowForm,
        actions.add_impact,
        gettext_lazy("Add impact"),
        gettext_lazy("Add"),
        gettext_lazy(
            "One row for each service or region. A new row ends the former one of the same service."
        ),
    ),
    "criterion": Verb(
        forms.CriterionForm,
        actions.add_criterion,
        gettext_lazy("Add an exit criterion"),
        gettext_lazy("Add"),
        gettext_lazy("What must hold before this incident counts as resolved."),
    ),
    "relate": Verb(forms.RelationForm, _relate, gettext_lazy("Relate to another"), gettext_lazy("Save")),
    "merge-in": Verb(
        forms.MergeInForm,
        _merge_in,
        gettext_lazy("Merge others into this one"),
        gettext_lazy("Merge"),
        gettext_lazy("Their paging stops and their addresses lead here. It can be undone."),
        danger=True,
    ),
    "workaround": Verb(
        forms.WorkaroundForm, actions.set_workaround, gettext_lazy("Workaround"), gettext_lazy("Save")
    ),
    "turn-real": Verb(
        EmptyForm,
        actions.declare_from_drill,
        gettext_lazy("The drill has turned real"),
        gettext_lazy("Open a real incident"),
        gettext_lazy("Opens a real incident on the same services and pages for it. The drill stays a drill."),
        danger=True,
    ),
    "feedback": Verb(
        forms.FeedbackForm,
        actions.give_feedback,
        gettext_lazy("How did it go?"),
        gettext_lazy("Send"),
        gettext_lazy("For the review. Only those who work on the incident read it."),
    ),
    "resolve": Verb(
        forms.ResolveForm,
        actions.resolve_with,
        gettext_lazy("Resolve"),
        gettext_lazy("Resolve"),
        extra="incidents/partials/gate.html",
        extra_context=_resolve_extra,
    ),
}
