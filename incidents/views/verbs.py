"""The verbs of an incident as dialogs: one view over the table in `dialogs`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View

from core.errors import Conflict, DomainError, InvalidInput, NotVisible
from core.pages import actor_of, done, wants_json, wants_part
from incidents import actions
from incidents.errors import ChangedMeanwhile
from incidents.forms.base import ActorForm
from incidents.selectors import for_page
from incidents.views.dialogs import VERBS


class VerbView(LoginRequiredMixin, View):
    """GET shows the dialog (or a page of its own without scripts), POST carries the verb out."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.verb = VERBS[kwargs["verb"]]

    def get(self, request: HttpRequest, number: int, verb: str) -> HttpResponse:
        incident = self._incident(request, number)
        initial = {name: value for name, value in request.GET.items() if name in self.verb.form.prefill}
        form = self.verb.form(actor=actor_of(request), incident=incident, initial=initial)
        return self._show(request, incident, form)

    def post(self, request: HttpRequest, number: int, verb: str) -> HttpResponse:
        incident = self._incident(request, number)
        form = self.verb.form(request.POST, actor=actor_of(request), incident=incident)
        if not form.is_valid():
            return self._show(request, incident, form, status=422)
        try:
            self.verb.action(actor=actor_of(request), number=incident.number, **form.values())
        except (InvalidInput, Conflict) as error:
            attach(form, error)
            if isinstance(error, ChangedMeanwhile):
                form.conflict = error.fields
                form.rebase()
            # htmx shows a 422 in the dialog; other refusals become a toast and the form would be lost.
            by_script = wants_part(request)
            refused = isinstance(error, Conflict) and not by_script
            return self._show(request, incident, form, status=409 if refused else 422)
        return done(request, incident.get_absolute_url(), _("Done"))

    def _incident(self, request: HttpRequest, number: int) -> Any:
        incident = for_page(actor_of(request), number)
        if incident is None:
            raise NotVisible
        return incident

    def _show(self, request: HttpRequest, incident: Any, form: ActorForm, status: int = 200) -> HttpResponse:
        name = "dialog" if wants_part(request) else "verb"
        context = {"incident": incident, "form": form, "verb": self.verb, "action": request.path}
        if self.verb.extra_context is not None:
            context |= self.verb.extra_context(actor_of(request), incident)
        return render(request, f"incidents/pages/{name}.html", context, status=status)


def attach(form: ActorForm, error: DomainError) -> None:
    """Put a refusal of the action next to the field it is about; custom fields are `f_<key>` in forms."""
    for name, reasons in error.fields.items():
        field = name.replace("fields.", "f_").replace("times.", "")
        text = reasons[0]
        if isinstance(error, ChangedMeanwhile):
            text = _("Meanwhile somebody wrote: %(text)s") % {"text": text or "—"}
        form.add_error(field if field in form.fields else None, text)
    if not error.fields:
        form.add_error(None, error.sentence)


class AcknowledgeView(LoginRequiredMixin, View):
    """The one-tap acknowledge: JSON for the button, a redirect without scripts."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        try:
            result = actions.acknowledge(actor=actor_of(request), number=number)
        except DomainError as error:
            if wants_json(request):
                return JsonResponse({"detail": error.sentence}, status=error.status)
            raise
        if wants_json(request):
            return JsonResponse({"sentence": result.sentence, "changed": result.changed})
        return redirect(result.incident.get_absolute_url())


class PassOnView(LoginRequiredMixin, View):
    """One tap: I cannot take it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        passed = actions.pass_on(actor=actor_of(request), number=number)
        return done(request, passed.incident.get_absolute_url(), passed.sentence)


class TakeCommandView(LoginRequiredMixin, View):
    """One tap: I am the commander."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        actor = actor_of(request)
        incident = actions.assign_role(actor=actor, number=number, role="commander", user_id=actor.user_id)
        return done(request, incident.get_absolute_url(), _("You are the commander"))
