"""One suspected cause: its dialog, and its state in one tap."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views import View

from core.errors import InvalidInput, NotVisible
from core.pages import actor_of, done, wants_part
from incidents import actions
from incidents.errors import ChangedMeanwhile
from incidents.forms.causes import EditCauseForm
from incidents.models import Incident, SuspectedCause
from incidents.selectors import for_page
from incidents.views.dialogs.base import Verb
from incidents.views.verbs import attach


def _found(request: HttpRequest, number: int, cause_id: int) -> tuple[Incident, SuspectedCause]:
    incident = for_page(actor_of(request), number)
    cause = SuspectedCause.objects.filter(incident=incident, pk=cause_id).first() if incident else None
    if incident is None or cause is None:
        raise NotVisible
    return incident, cause


class EditCauseView(LoginRequiredMixin, View):
    """GET shows the dialog (or a page), POST saves. Changed by somebody else meanwhile: both texts, 409."""

    def get(self, request: HttpRequest, number: int, cause_id: int) -> HttpResponse:
        incident, cause = _found(request, number, cause_id)
        first = EditCauseForm.first_values(cause)
        form = EditCauseForm(actor=actor_of(request), incident=incident, initial=first)
        return self._show(request, incident, form)

    def post(self, request: HttpRequest, number: int, cause_id: int) -> HttpResponse:
        incident, _cause = _found(request, number, cause_id)
        form = EditCauseForm(request.POST, actor=actor_of(request), incident=incident)
        if not form.is_valid():
            return self._show(request, incident, form, 422)
        try:
            actions.edit_cause(actor=actor_of(request), number=number, cause_id=cause_id, **form.values())
        except InvalidInput as error:
            attach(form, error)
            return self._show(request, incident, form, 422)
        except ChangedMeanwhile as error:
            form.conflict = error.fields
            form.rebase()
            return self._show(request, incident, form, 409)
        return done(request, incident.get_absolute_url(), _("Saved"))

    def _show(
        self, request: HttpRequest, incident: Incident, form: EditCauseForm, status: int = 200
    ) -> HttpResponse:
        verb = Verb(EditCauseForm, actions.edit_cause, _("Suspected cause"), _("Save"))
        context: dict[str, Any] = {"incident": incident, "form": form, "verb": verb, "action": request.path}
        name = "dialog" if wants_part(request) else "verb"
        return render(request, f"incidents/pages/{name}.html", context, status=status)


class CauseStateView(LoginRequiredMixin, View):
    """One tap: another state."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, number: int, cause_id: int) -> HttpResponse:
        incident, _cause = _found(request, number, cause_id)
        state = request.POST.get("state", "")
        actions.set_cause_state(actor=actor_of(request), number=number, cause_id=cause_id, state=state)
        return done(request, incident.get_absolute_url())
