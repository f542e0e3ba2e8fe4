"""The verbs of an incident as dialogs: one view, a table of verbs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from core.errors import DomainError, InvalidInput, NotVisible
from core.pages import actor_of, done, wants_json
from incidents import actions, forms
from incidents.selectors import for_page


@dataclass(frozen=True)
class Verb:
    """A dialog: its form, the action behind it and its words."""

    form: type[forms.ActorForm]
    action: Callable[..., Any]
    title: Any
    submit: Any
    note: Any = ""
    danger: bool = False


VERBS: dict[str, Verb] = {
    "severity": Verb(
        forms.SeverityForm,
        actions.set_severity,
        gettext_lazy("Set severity"),
        gettext_lazy("Set severity"),
        gettext_lazy("Unsure between two? Take the higher one."),
    ),
    "role": Verb(forms.RoleForm, actions.fill_role, gettext_lazy("Assign a role"), gettext_lazy("Assign")),
    "note": Verb(forms.NoteForm, actions.add_note, gettext_lazy("Add a note"), gettext_lazy("Add note")),
    "update": Verb(
        forms.UpdateForm, actions.post_update, gettext_lazy("Send an update"), gettext_lazy("Send update")
    ),
    "status": Verb(
        forms.StatusForm, actions.set_status, gettext_lazy("Change the state"), gettext_lazy("Change state")
    ),
    "resolve": Verb(forms.ResolveForm, actions.resolve, gettext_lazy("Resolve"), gettext_lazy("Resolve")),
    "reopen": Verb(forms.ReasonForm, actions.reopen, gettext_lazy("Reopen"), gettext_lazy("Reopen")),
    "page": Verb(forms.PageForm, actions.page, gettext_lazy("Page somebody"), gettext_lazy("Page now")),
    "snooze": Verb(
        forms.SnoozeForm,
        actions.snooze,
        gettext_lazy("Snooze the paging"),
        gettext_lazy("Snooze"),
        gettext_lazy("Pages again afterwards unless it is acknowledged or over."),
    ),
    "impact": Verb(
        forms.ImpactForm, actions.set_impact, gettext_lazy("Describe the impact"), gettext_lazy("Save")
    ),
    "merge": Verb(
        forms.MergeForm,
        actions.merge,
        gettext_lazy("Merge into another incident"),
        gettext_lazy("Merge"),
        gettext_lazy("Its paging stops and its address leads to the other one."),
        danger=True,
    ),
    "unmerge": Verb(
        forms.EmptyForm,
        actions.unmerge,
        gettext_lazy("Undo the merge"),
        gettext_lazy("Undo merge"),
        gettext_lazy(
            "It goes on as it was, with the alerts it brought. Paging that the merge stopped starts again."
        ),
    ),
    "visibility": Verb(
        forms.VisibilityForm,
        actions.set_visibility,
        gettext_lazy("Change who sees it"),
        gettext_lazy("Save"),
        gettext_lazy(
            "Restricted: besides admins only those who have a role, were paged, declared or acknowledged it."
            " Everybody else loses sight of it at once."
        ),
    ),
}


class VerbView(LoginRequiredMixin, View):
    """GET shows the dialog (or a page of its own without scripts), POST carries the verb out."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.verb = VERBS[kwargs["verb"]]

    def get(self, request: HttpRequest, number: int, verb: str) -> HttpResponse:
        incident = self._incident(request, number)
        initial = {key: value for key, value in request.GET.items() if key in ("status", "role", "audience")}
        form = self.verb.form(actor=actor_of(request), incident=incident, initial=initial)
        return self._show(request, incident, form)

    def post(self, request: HttpRequest, number: int, verb: str) -> HttpResponse:
        incident = self._incident(request, number)
        form = self.verb.form(request.POST, actor=actor_of(request), incident=incident)
        if not form.is_valid():
            return self._show(request, incident, form, status=422)
        try:
            self.verb.action(actor=actor_of(request), number=incident.number, **form.values())  # type: ignore[attr-defined]
        except InvalidInput as error:
            _attach(form, error)
            return self._show(request, incident, form, status=422)
        return done(request, incident.get_absolute_url(), _("Done"))

    def _incident(self, request: HttpRequest, number: int) -> Any:
        incident = for_page(actor_of(request), number)
        if incident is None:
            raise NotVisible
        return incident

    def _show(
        self, request: HttpRequest, incident: Any, form: forms.ActorForm, status: int = 200
    ) -> HttpResponse:
        name = "dialog" if getattr(request, "htmx", False) else "verb"
        context = {"incident": incident, "form": form, "verb": self.verb, "action": request.path}
        return render(request, f"incidents/pages/{name}.html", context, status=status)


def _attach(form: forms.ActorForm, error: InvalidInput) -> None:
    """Put a refusal of the action next to the field it is about."""
    names = {
        "user": "user",
        "schedule": "schedule",
        "users": "users",
        "policy": "policy",
        "services": "services",
    }
    for name, reasons in error.fields.items():
        field = names.get(name, name)
        form.add_error(field if field in form.fields else None, reasons[0])
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
