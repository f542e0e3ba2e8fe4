"""One-tap moves of people in an incident, answers to offers, and the roles' settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import NotVisible
from core.pages import actor_of, wants_part
from incidents import actions
from incidents.forms.roles import RoleDefinitionForm, role_initial
from incidents.models import Incident, RoleDefinition
from incidents.selectors import for_page
from incidents.tasklists import definitions
from incidents.views import pages
from teams.actor import Actor
from teams.views.base import SettingsView, applied


def _take(*, actor: Actor, number: int, role: str) -> Incident:
    return actions.assign_role(actor=actor, number=number, role=role, user_id=actor.user_id)


# What one tap does to a role.
ROLE_MOVES: dict[str, Callable[..., Any]] = {"take": _take, "call": actions.call_role}
OFFER_MOVES = ("accept", "decline", "withdraw")


@login_required
@require_POST
def role_move(request: HttpRequest, number: int, role: str, name: str) -> HttpResponse:
    """Take a role oneself, or page whoever is on call for it."""
    incident = _incident(request, number)
    ROLE_MOVES[name](actor=actor_of(request), number=incident.number, role=role)
    return _back(request, incident)


@login_required
@require_POST
def join(request: HttpRequest, number: int, role: str) -> HttpResponse:
    """Take part, or look on."""
    incident = _incident(request, number)
    actions.join(actor=actor_of(request), number=incident.number, role=role)
    return _back(request, incident)


@login_required
@require_POST
def leave(request: HttpRequest, number: int) -> HttpResponse:
    """Put one's own roles down."""
    incident = _incident(request, number)
    actions.leave(actor=actor_of(request), number=incident.number)
    return _back(request, incident)


@login_required
@require_POST
def answer(request: HttpRequest, number: int, offer_id: int, name: str) -> HttpResponse:
    """Accept, decline or take back an offer of a role."""
    incident, actor = _incident(request, number), actor_of(request)
    if name == "withdraw":
        actions.withdraw_offer(actor=actor, number=incident.number, offer_id=offer_id)
    else:
        actions.answer_offer(actor=actor, number=incident.number, offer_id=offer_id, accept=name == "accept")
    return _back(request, incident)


def _incident(request: HttpRequest, number: int) -> Incident:
    incident = for_page(actor_of(request), number)
    if incident is None:
        raise NotVisible
    return incident


def _back(request: HttpRequest, incident: Incident) -> HttpResponse:
    if not wants_part(request):
        return redirect(incident.get_absolute_url())
    return pages.fragment(request, incident.number, "roles")


class RoleList(SettingsView):
    """All roles; admins change them."""

    needs = "admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        return _show(request, "roles", {"rows": definitions()})


class RoleEdit(SettingsView):
    """One role, or a new one of the organisation's own."""

    needs = "admin"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.key: str = kwargs.get("key", "")

    def get(self, request: HttpRequest, key: str = "") -> HttpResponse:
        row = self._row()
        initial = role_initial(row) if row else {"single": True}
        return self._page(row, RoleDefinitionForm(actor=self.actor, row=row, initial=initial))

    def post(self, request: HttpRequest, key: str = "") -> HttpResponse:
        row = self._row()
        if row is not None and "delete" in request.POST:
            actions.delete_role_definition(actor=self.actor, key=row.key)
            messages.success(request, _("%(name)s was deleted.") % {"name": row.name})
            return redirect("incidents:settings_roles")
        form = RoleDefinitionForm(request.POST, actor=self.actor, row=row)

        def save(_data: dict[str, Any]) -> RoleDefinition:
            if row is None:
                return actions.add_role_definition(actor=self.actor, **form.values())
            return actions.edit_role_definition(actor=self.actor, key=row.key, **form.values())

        if applied(form, save) is None:
            return self._page(row, form, status=422)
        messages.success(request, _("Saved."))
        return redirect("incidents:settings_roles")

    def _row(self) -> RoleDefinition | None:
        if not self.key:
            return None
        row = RoleDefinition.objects.filter(pk=self.key).first()
        if row is None:
            raise NotVisible
        return row

    def _page(self, row: RoleDefinition | None, form: RoleDefinitionForm, status: int = 200) -> HttpResponse:
        return _show(self.request, "role_form", {"row": row, "form": form}, status)


def _show(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    crumbs = [{"label": _("Settings"), "url": "/settings/"}]
    crumbs.append({"label": _("Roles"), "url": "/settings/roles/" if name != "roles" else ""})
    return render(request, f"incidents/pages/{name}.html", {"crumbs": crumbs, **context}, status=status)
