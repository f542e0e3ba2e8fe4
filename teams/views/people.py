"""Everybody, for admins."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from core.errors import InvalidInput, NotVisible
from teams import hooks
from teams.actions.access import end_all_sessions, make_password_link, remove_second_factor
from teams.actions.deactivation import deactivate_user, reactivate_user
from teams.actions.invitation_csv import invite_csv, preview_csv
from teams.actions.invitations import create_invitation
from teams.actions.people import change_email, set_instance_role, update_profile
from teams.forms import HandoverForm, InviteTableForm, PersonForm, PersonInviteForm
from teams.models import Team, User
from teams.selectors import open_invitations, people_list
from teams.views.base import SettingsView, applied, attach, keep_secret, take_secret

STATES = [
    ("active", _lazy("Active")),
    ("inactive", _lazy("Deactivated")),
    ("admin", _lazy("Admins")),
    ("support", _lazy("Support")),
]
PAGE = 100


class AdminView(SettingsView):
    needs = "admin"

    def person(self, user_id: int) -> User:
        user = people_list(self.actor).filter(pk=user_id).first()
        if user is None:
            raise NotVisible
        return user  # type: ignore[no-any-return]


class PeopleView(AdminView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(PersonInviteForm(teams=Team.objects.visible_to(self.actor)))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PersonInviteForm(request.POST, teams=Team.objects.visible_to(self.actor))

        def invite(data: dict[str, Any]) -> Any:
            team = data.pop("team")
            return create_invitation(actor=self.actor, team_id=team.pk if team else None, **data)

        made = applied(form, invite)
        if made is None:
            return self._page(form, status=422)
        keep_secret(request, "invitation", made[1])
        return redirect(f"{reverse('teams:people')}#new-invitation")

    def _page(self, form: PersonInviteForm, *, status: int = 200) -> HttpResponse:
        search, state = (
            self.request.GET.get("q", "")[:100].replace("\0", ""),
            self.request.GET.get("state", ""),
        )
        rows = people_list(self.actor, search=search, state=state)
        found = Paginator(rows, PAGE).get_page(self.request.GET.get("page"))
        link = take_secret(self.request, "invitation")
        return self.page(
            "people",
            status=status,
            found=found,
            search=search,
            states=STATES,
            form=form,
            invitations=open_invitations(self.actor),
            link=f"{settings.BASE_URL}{link}" if link else "",
            crumbs=[(_("People"), "")],
        )


class PersonView(AdminView):
    """One account: name, address and instance roles."""

    def get(self, request: HttpRequest, user_id: int) -> HttpResponse:
        user = self.person(user_id)
        values = {
            "name": user.name,
            "email": user.email,
            "admin": user.is_superuser,
            "support": user.is_support,
        }
        return self._page(user, PersonForm(initial=values))

    def post(self, request: HttpRequest, user_id: int) -> HttpResponse:
        user, form = self.person(user_id), PersonForm(request.POST)
        if applied(form, lambda data: self._save(user_id, data)) is None:
            return self._page(user, form, status=422)
        messages.success(request, _("The account is saved."))
        return redirect("teams:person", user_id)

    def _save(self, user_id: int, data: dict[str, Any]) -> User:
        with transaction.atomic():
            set_instance_role(actor=self.actor, user_id=user_id, admin=data["admin"], support=data["support"])
            update_profile(actor=self.actor, user_id=user_id, name=data["name"])
            return change_email(actor=self.actor, user_id=user_id, email=data["email"])

    def _page(self, user: User, form: PersonForm, *, status: int = 200) -> HttpResponse:
        link = take_secret(self.request, f"password-{user.pk}")
        return self.page(
            "person",
            status=status,
            person=user,
            form=form,
            memberships=user.memberships.select_related("team").order_by("team__name"),
            link=f"{settings.BASE_URL}{link}" if link else "",
            own=user.pk == self.actor.user_id,
            crumbs=[(_("People"), reverse("teams:people")), (user.name, "")],
        )


class PersonAccessView(AdminView):
    """Help with signing in: `what` is link, second-factor or sessions."""

    def post(self, request: HttpRequest, user_id: int, what: str) -> HttpResponse:
        self.person(user_id)
        if what == "link":
            path = make_password_link(actor=self.actor, user_id=user_id)
            keep_secret(request, f"password-{user_id}", path)
        elif what == "second-factor":
            remove_second_factor(actor=self.actor, user_id=user_id)
            messages.success(request, _("The second factor is removed."))
        else:
            end_all_sessions(actor=self.actor, user_id=user_id)
            messages.success(request, _("All browsers of this person are signed out."))
        return redirect("teams:person", user_id)


class DeactivateView(AdminView):
    """Asks who takes what the person holds, then shuts the account."""

    def get(self, request: HttpRequest, user_id: int) -> HttpResponse:
        user = self.person(user_id)
        return self._ask(user, self._form(user, hooks.held_by(user_id)))

    def post(self, request: HttpRequest, user_id: int) -> HttpResponse:
        user = self.person(user_id)
        form = self._form(user, hooks.held_by(user_id), data=request.POST)
        gone = applied(
            form,
            lambda _data: deactivate_user(actor=self.actor, user_id=user_id, successors=form.successors()),
        )
        if gone is None:
            return self._ask(user, form, status=422)
        messages.success(request, _("%(name)s can no longer sign in.") % {"name": user.name})
        return redirect("teams:person", user_id)

    def _form(self, user: User, held: dict[str, list[hooks.HandoverItem]], data: Any = None) -> HandoverForm:
        people = User.objects.active().exclude(pk=user.pk).order_by("name", "id")
        questions = {kind: hooks.question(kind) for kind in held}
        return HandoverForm(data, questions=questions, people=people)

    def _ask(self, user: User, form: HandoverForm, *, status: int = 200) -> HttpResponse:
        held = [item for items in hooks.held_by(user.pk).values() for item in items]
        crumbs = [
            (_("People"), reverse("teams:people")),
            (user.name, user.get_absolute_url()),
            (_("Deactivate"), ""),
        ]
        return self.page("deactivate", status=status, person=user, form=form, held=held, crumbs=crumbs)


class ReactivateView(AdminView):
    def post(self, request: HttpRequest, user_id: int) -> HttpResponse:
        user = reactivate_user(actor=self.actor, user_id=user_id)
        messages.success(request, _("%(name)s can sign in again.") % {"name": user.name})
        return redirect("teams:person", user_id)


class InviteTableView(AdminView):
    """Many at once: the first step shows each row with its faults, the second invites."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(InviteTableForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InviteTableForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(form, status=422)
        text, send = form.cleaned_data["rows"], form.cleaned_data["send"]
        try:
            if "apply" in request.POST:
                made = invite_csv(actor=self.actor, text=text, send=send)
                links = [(row, f"{settings.BASE_URL}{path}") for row, path in made]
                return self._page(form, links=links)
            rows = preview_csv(actor=self.actor, text=text)
        except InvalidInput as error:
            attach(form, error)
            return self._page(form, status=422)
        shown = InviteTableForm(initial={"rows": text, "send": send})
        return self._page(
            shown, rows=rows, faulty=sum(bool(row.faults) for row in rows), text=text, send=send
        )

    def _page(self, form: InviteTableForm, *, status: int = 200, **context: Any) -> HttpResponse:
        crumbs = [(_("People"), reverse("teams:people")), (_("Invite many"), "")]
        return self.page("invite_table", status=status, form=form, crumbs=crumbs, **context)
