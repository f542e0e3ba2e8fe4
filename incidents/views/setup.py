"""Settings of incidents: severities, types, fields, the priority matrix. For admins."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.errors import NotVisible
from incidents.actions import incident_setup
from incidents.choices import Reach
from incidents.forms.setup import FieldForm, MatrixForm, SeverityForm, TypeForm
from incidents.models import CustomField, IncidentType, SeverityLevel
from incidents.priority import matrix
from teams.views.base import SettingsView, applied

BASE = "/settings/incidents/"


class Overview(SettingsView):
    """Everything at a glance, and the way to each."""

    needs = "admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "levels": SeverityLevel.objects.prefetch_related("policies"),
            "types": IncidentType.objects.all(),
            "fields": CustomField.objects.prefetch_related("types"),
            "form": MatrixForm(ranks=matrix()),
            "reaches": Reach.choices,
        }
        return _show(request, "setup", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """The matrix is edited in place."""
        form = MatrixForm(request.POST, ranks=matrix())
        done = applied(form, lambda _data: _matrix(self.actor, form))
        if done is None:
            messages.error(request, _("A rank from 0 to 4 is needed in every square."))
        else:
            messages.success(request, _("Saved."))
        return redirect(BASE)


def _matrix(actor: Any, form: MatrixForm) -> bool:
    incident_setup.set_priorities(actor=actor, ranks=form.ranks())
    return True


class SeverityEdit(SettingsView):
    needs = "admin"

    def get(self, request: HttpRequest, rank: int) -> HttpResponse:
        row = _find(SeverityLevel, rank=rank)
        return _form(request, str(row), SeverityForm(row=row))

    def post(self, request: HttpRequest, rank: int) -> HttpResponse:
        row = _find(SeverityLevel, rank=rank)
        form = SeverityForm(request.POST, row=row)

        def save(data: dict[str, Any]) -> SeverityLevel:
            return incident_setup.save_severity(actor=self.actor, rank=rank, **data)

        if applied(form, save) is None:
            return _form(request, str(row), form, status=422)
        return _saved(request)


class TypeEdit(SettingsView):
    needs = "admin"

    def get(self, request: HttpRequest, key: str = "") -> HttpResponse:
        row = _find(IncidentType, key=key) if key else None
        return _form(request, row.name if row else _("New type"), TypeForm(row=row), row=row)

    def post(self, request: HttpRequest, key: str = "") -> HttpResponse:
        row = _find(IncidentType, key=key) if key else None
        if row is not None and "delete" in request.POST:
            incident_setup.delete_type(actor=self.actor, key=row.key)
            return _saved(request)
        form = TypeForm(request.POST, row=row)

        def save(data: dict[str, Any]) -> IncidentType:
            name = data.pop("key", key)
            return incident_setup.save_type(actor=self.actor, key=name, new=row is None, **data)

        if applied(form, save) is None:
            return _form(request, row.name if row else _("New type"), form, row=row, status=422)
        return _saved(request)


class FieldEdit(SettingsView):
    needs = "admin"

    def get(self, request: HttpRequest, key: str = "") -> HttpResponse:
        row = _find(CustomField, key=key) if key else None
        return _form(request, row.label if row else _("New question"), FieldForm(row=row), row=row)

    def post(self, request: HttpRequest, key: str = "") -> HttpResponse:
        row = _find(CustomField, key=key) if key else None
        if row is not None and "delete" in request.POST:
            incident_setup.delete_field(actor=self.actor, key=row.key)
            return _saved(request)
        form = FieldForm(request.POST, row=row)

        def save(data: dict[str, Any]) -> CustomField:
            name = data.pop("key", key)
            return incident_setup.save_field(actor=self.actor, key=name, new=row is None, **data)

        if applied(form, save) is None:
            return _form(request, row.label if row else _("New question"), form, row=row, status=422)
        return _saved(request)


def _find(model: Any, **by: Any) -> Any:
    row = model.objects.filter(**by).first()
    if row is None:
        raise NotVisible
    return row


def _saved(request: HttpRequest) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect(BASE)


def _form(request: HttpRequest, title: str, form: Any, *, row: Any = None, status: int = 200) -> HttpResponse:
    return _show(request, "setup_form", {"title": title, "form": form, "row": row}, status)


def _show(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    crumbs = [{"label": _("Settings"), "url": "/settings/"}]
    crumbs.append({"label": _("Incidents"), "url": "" if name == "setup" else BASE})
    return render(request, f"incidents/pages/{name}.html", {"crumbs": crumbs, **context}, status=status)
