"""Who hears of incidents: stakeholder lists, what I follow, texts for updates, and stopping messages."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.errors import NotVisible
from core.pages import actor_of
from incidents import actions, stopping, wording
from incidents.actions.customers import stop_contact
from incidents.actions.stakeholders import stop_address
from incidents.forms.stakeholders import (
    ListForm,
    PersonOnListForm,
    TemplateForm,
    list_initial,
    template_initial,
)
from incidents.models import Follow, Incident, StakeholderList, UpdateTemplate
from incidents.views.communications import stay
from services.models import Service
from teams.models import Team
from teams.views.base import SettingsView, applied

_ACTIVE = Q(user__isnull=True) | Q(user__is_active=True)
_NUMBERS = {"incident": "number", "service": "service_id", "team": "team_id"}


class RoomPage(SettingsView):
    """A settings page with templates of this app. Needs somebody who manages something, unless said."""

    managers = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and self.managers and not self.actor.manages_any:
            raise NotVisible
        return super().dispatch(request, *args, **kwargs)

    def page(self, name: str, *, status: int = 200, **context: Any) -> HttpResponse:
        """`incidents/pages/<name>.html`; `crumbs` are (label, url) pairs below Settings."""
        crumbs = [(_("Settings"), "/settings/"), *context.pop("crumbs", [])]
        shown = [{"label": label, "url": url} for label, url in crumbs]
        return render(
            self.request, f"incidents/pages/{name}.html", {"crumbs": shown, **context}, status=status
        )


class FollowingView(RoomPage):
    """What I follow."""

    managers = False

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = Follow.objects.filter(user_id=self.actor.user_id or 0).select_related(
            "incident", "service", "team"
        )
        visible = set(
            Incident.objects.visible_to(self.actor)
            .filter(pk__in=[row.incident_id for row in rows if row.incident_id])
            .values_list("pk", flat=True)
        )
        shown = [row for row in rows if row.incident_id is None or row.incident_id in visible]
        return self.page("stakeholder_following", rows=shown, crumbs=[(_("Following"), "")])


class ListsView(RoomPage):
    """All stakeholder lists of the teams one manages; a new one below."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(ListForm(actor=self.actor))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ListForm(request.POST, actor=self.actor)
        row = applied(form, lambda _data: actions.save_list(actor=self.actor, **form.values()))
        if row is None:
            return self._page(form, status=422)
        return redirect("incidents:stakeholder_list", row.pk)

    def _page(self, form: ListForm, *, status: int = 200) -> HttpResponse:
        rows = StakeholderList.objects.manageable_by(self.actor).select_related("team", "service")
        return self.page(
            "stakeholder_lists",
            status=status,
            rows=rows.prefetch_related("people__user"),
            form=form,
            crumbs=[(_("Stakeholders"), "")],
        )


class ListView(RoomPage):
    """One list: what it is about and who is on it. POST `op`: save, add, remove, delete."""

    def get(self, request: HttpRequest, list_id: int) -> HttpResponse:
        row = self._row(list_id)
        return self._page(row, ListForm(initial=list_initial(row), actor=self.actor), PersonOnListForm())

    def post(self, request: HttpRequest, list_id: int) -> HttpResponse:
        row, op = self._row(list_id), request.POST.get("op", "save")
        form, adding = ListForm(initial=list_initial(row), actor=self.actor), PersonOnListForm()
        done: object | None = True
        if op == "delete":
            actions.delete_list(actor=self.actor, list_id=list_id)
            messages.success(request, _("The list is deleted."))
            return redirect("incidents:stakeholder_lists")
        if op == "remove":
            people = [one for one in self._people(row) if str(one["pk"]) != request.POST.get("person", "")]
            actions.save_list(actor=self.actor, list_id=list_id, people=people)
        elif op == "add":
            adding = PersonOnListForm(request.POST)
            done = applied(adding, lambda _data: self._add(row, adding.values()))
        else:
            form = ListForm(request.POST, actor=self.actor)
            done = applied(
                form, lambda _data: actions.save_list(actor=self.actor, list_id=list_id, **form.values())
            )
        if done is None:
            return self._page(row, form, adding, status=422)
        messages.success(request, _("Saved."))
        return redirect("incidents:stakeholder_list", list_id)

    def _add(self, row: StakeholderList, person: dict[str, Any]) -> StakeholderList:
        return actions.save_list(actor=self.actor, list_id=row.pk, people=[*self._people(row), person])

    def _people(self, row: StakeholderList) -> list[dict[str, Any]]:
        rows = row.people.filter(_ACTIVE).values("pk", "user_id", "address", "name", "channel")
        return [dict(one) for one in rows]

    def _row(self, list_id: int) -> StakeholderList:
        row = StakeholderList.objects.manageable_by(self.actor).filter(pk=list_id).first()
        if row is None:
            raise NotVisible
        return row  # type: ignore[no-any-return]  # the queryset is untyped

    def _page(
        self, row: StakeholderList, form: ListForm, adding: PersonOnListForm, *, status: int = 200
    ) -> HttpResponse:
        return self.page(
            "stakeholder_list",
            status=status,
            row=row,
            people=row.people.select_related("user"),
            form=form,
            adding=adding,
            crumbs=[(_("Stakeholders"), "/settings/stakeholders/"), (row.name, "")],
        )


class TemplatesView(RoomPage):
    """All templates the viewer may read; managers change their team's, admins those of all."""

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = UpdateTemplate.objects.visible_to(self.actor).select_related("team", "type")
        return self.page("update_templates", rows=rows, crumbs=[(_("Update templates"), "")])


class TemplateView(RoomPage):
    """One template, or a new one. POST `op`: save, delete."""

    def get(self, request: HttpRequest, template_id: int | None = None) -> HttpResponse:
        row = self._row(template_id)
        initial = template_initial(row) if row else {"audience": "internal"}
        return self._page(row, TemplateForm(initial=initial, actor=self.actor))

    def post(self, request: HttpRequest, template_id: int | None = None) -> HttpResponse:
        row = self._row(template_id)
        if request.POST.get("op") == "delete" and row is not None:
            actions.delete_template(actor=self.actor, template_id=row.pk)
            messages.success(request, _("The template is deleted."))
            return redirect("incidents:update_templates")
        form = TemplateForm(request.POST, actor=self.actor)
        saved = applied(
            form,
            lambda _data: actions.save_template(actor=self.actor, template_id=template_id, **form.values()),
        )
        if saved is None:
            return self._page(row, form, status=422)
        messages.success(request, _("Saved."))
        return redirect("incidents:update_templates")

    def _row(self, template_id: int | None) -> UpdateTemplate | None:
        if template_id is None:
            return None
        row = UpdateTemplate.objects.visible_to(self.actor).filter(pk=template_id).first()
        if row is None:
            raise NotVisible
        return row  # type: ignore[no-any-return]  # the queryset is untyped

    def _page(self, row: UpdateTemplate | None, form: TemplateForm, *, status: int = 200) -> HttpResponse:
        return self.page(
            "update_template",
            status=status,
            row=row,
            form=form,
            may_change=row is None or self.actor.manages(row.team_id),
            variables=wording.VARIABLES,
            customer_variables=wording.CUSTOMER_VARIABLES,
            crumbs=[
                (_("Update templates"), "/settings/update-templates/"),
                (row.name if row else _("New template"), ""),
            ],
        )


@login_required
@require_POST
def follow(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """The button: follows what is not followed, and the other way round."""
    actor = actor_of(request)
    field = {"incident": "incident__number"}.get(kind, f"{kind}_id")
    row = Follow.objects.filter(user_id=actor.user_id, **{field: pk}).first()
    if row is not None:
        actions.unfollow(actor=actor, follow_id=row.pk)
    else:
        actions.follow(actor=actor, **{_NUMBERS[kind]: pk})
    if request.headers.get("HX-Request"):
        return _panel(request, kind, pk)
    messages.success(request, _("No longer followed.") if row else _("You follow it now."))
    return stay(request, "/settings/following/")


@login_required
def follow_panel(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """The button on a page of a lower room."""
    model: Any = {"service": Service, "team": Team}.get(kind)
    if model is None or not model.objects.visible_to(actor_of(request)).filter(pk=pk).exists():
        raise NotVisible
    return _panel(request, kind, pk)


def _panel(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    rows = Follow.objects.filter(**{f"{kind}_id": pk}) if kind != "incident" else Follow.objects.none()
    mine = rows.filter(user_id=actor_of(request).user_id).exists()
    context = {"kind": kind, "pk": pk, "follows": mine, "count": rows.count()}
    return render(request, "incidents/partials/stakeholder_follow.html", context)


@method_decorator(csrf_exempt, name="dispatch")
class StopView(View):
    """Somebody outside wants no more messages: GET asks, POST does (also by a mail program's own button)."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        self._read(token)
        return render(request, "incidents/pages/stakeholder_stop.html", {"done": False})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        kind, who = self._read(token)
        if kind == stopping.CUSTOMER:
            stop_contact(contact_id=int(who))
        else:
            stop_address(address=who)
        return render(request, "incidents/pages/stakeholder_stop.html", {"done": True})

    def _read(self, token: str) -> tuple[str, str]:
        found = stopping.read(token)
        if found is None or (found[0] == stopping.CUSTOMER and not found[1].isdigit()):
            raise NotVisible
        return found
