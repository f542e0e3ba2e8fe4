"""Teams and their people."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import NotVisible
from core.panels import panels
from teams.actions.invitations import create_invitation, revoke_invitation
from teams.actions.memberships import create_team, remove_member, set_member, update_team
from teams.forms import AddMemberForm, InviteForm, NewTeamForm, RoleForm, TeamForm
from teams.models import Invitation, Membership, Team
from teams.permissions import allows
from teams.selectors import addable_people, open_invitations, team_list, team_members
from teams.views.base import SettingsView, applied, keep_secret, take_secret


class TeamListView(SettingsView):
    def get(self, request: HttpRequest) -> HttpResponse:
        roles = self.actor.roles
        rows = [(team, roles.get(team.pk, "")) for team in team_list(self.actor)]
        may_create = allows(self.actor, "create team")
        return self.page("teams", rows=rows, may_create=may_create, crumbs=[(_("Teams"), "")])


class NewTeamView(SettingsView):
    needs = "admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(NewTeamForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewTeamForm(request.POST)
        team = applied(form, lambda data: create_team(actor=self.actor, **data))
        if team is None:
            return self._page(form, status=422)
        messages.success(request, _("The team is there. Add its people next."))
        return redirect(team)

    def _page(self, form: NewTeamForm, *, status: int = 200) -> HttpResponse:
        crumbs = [(_("Teams"), reverse("teams:teams")), (_("New team"), "")]
        return self.page("team_new", status=status, form=form, crumbs=crumbs)


class TeamPage(SettingsView):
    """Base of everything below one team's address."""

    def team(self, slug: str) -> Team:
        team: Team | None = Team.objects.visible_to(self.actor).filter(slug=slug).first()
        if team is None:
            raise NotVisible
        return team

    def managed(self, slug: str) -> Team:
        """The team, for those who may change it."""
        team = self.team(slug)
        if not allows(self.actor, "change team", team_id=team.pk):
            raise NotVisible
        return team

    def show(self, team: Team, *, status: int = 200, **forms: Any) -> HttpResponse:
        """The team's page, with forms that were refused in place of fresh ones."""
        may_change = allows(self.actor, "change team", team_id=team.pk)
        context: dict[str, Any] = {"invite_form": InviteForm(), "add_form": None, "invitations": ()}
        if may_change:
            context["add_form"] = AddMemberForm(people=addable_people(team))
            context["invitations"] = open_invitations(self.actor, team=team)
            values = {name: getattr(team, name) for name in ("name", "description", "visibility")}
            context["team_form"] = TeamForm(initial=values)
        members = [
            (row, RoleForm(initial={"role": row.role}, prefix=f"m{row.pk}")) for row in team_members(team)
        ]
        link = take_secret(self.request, "invitation")
        return self.page(
            "team",
            status=status,
            team=team,
            members=members,
            may_change=may_change,
            own_role=self.actor.roles.get(team.pk, ""),
            panels=panels("team", team_id=team.pk),
            link=f"{settings.BASE_URL}{link}" if link else "",
            crumbs=[(_("Teams"), reverse("teams:teams")), (team.name, "")],
            **{**context, **forms},
        )


class TeamDetailView(TeamPage):
    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        return self.show(self.team(slug))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        team = self.managed(slug)
        form = TeamForm(request.POST)
        changed = applied(form, lambda data: update_team(actor=self.actor, team_id=team.pk, **data))
        if changed is None:
            return self.show(team, status=422, team_form=form)
        messages.success(request, _("The team is saved."))
        return redirect(changed)


class AddMemberView(TeamPage):
    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        team = self.managed(slug)
        form = AddMemberForm(request.POST, people=addable_people(team))
        added = applied(
            form,
            lambda data: set_member(
                actor=self.actor, team_id=team.pk, user_id=data["user"].pk, role=data["role"]
            ),
        )
        if added is None:
            return self.show(team, status=422, add_form=form)
        messages.success(
            request, _("%(name)s is in the team now.") % {"name": form.cleaned_data["user"].name}
        )
        return redirect(team)


class MemberRoleView(TeamPage):
    def post(self, request: HttpRequest, slug: str, user_id: int) -> HttpResponse:
        team = self.managed(slug)
        row = Membership.objects.select_related("user").filter(team=team, user_id=user_id).first()
        if row is None:
            raise NotVisible
        form = RoleForm(request.POST, prefix=f"m{row.pk}")
        changed = applied(
            form,
            lambda data: set_member(actor=self.actor, team_id=team.pk, user_id=user_id, role=data["role"]),
        )
        if changed is None:
            reasons = [reason for errors in form.errors.values() for reason in errors]
            messages.error(request, str(reasons[0]))
        else:
            words = {"name": row.user.name, "role": changed.get_role_display()}
            messages.success(request, _("%(name)s: %(role)s.") % words)
        return redirect(team)


class RemoveMemberView(TeamPage):
    """Takes somebody out of the team, or leaves it oneself."""

    def get(self, request: HttpRequest, slug: str, user_id: int) -> HttpResponse:
        row = self._row(slug, user_id)
        words = {"name": row.user.name, "team": row.team.name}
        return self.confirm(
            title=_("Remove %(name)s from %(team)s?") % words,
            text=_("They lose what only the team may see, at once. Their shifts stay until changed."),
            action=_("Remove"),
            back=row.team.get_absolute_url(),
        )

    def post(self, request: HttpRequest, slug: str, user_id: int) -> HttpResponse:
        row = self._row(slug, user_id)
        remove_member(actor=self.actor, team_id=row.team_id, user_id=user_id)
        messages.success(request, _("%(name)s is no longer in the team.") % {"name": row.user.name})
        return redirect("teams:teams" if user_id == self.actor.user_id else row.team)

    def _row(self, slug: str, user_id: int) -> Membership:
        team = self.team(slug)
        row = Membership.objects.select_related("user", "team").filter(team=team, user_id=user_id).first()
        if row is None or not allows(self.actor, "remove member", team_id=team.pk, person_id=user_id):
            raise NotVisible
        return row


class TeamInviteView(TeamPage):
    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        team = self.managed(slug)
        form = InviteForm(request.POST)
        made = applied(form, lambda data: create_invitation(actor=self.actor, team_id=team.pk, **data))
        if made is None:
            return self.show(team, status=422, invite_form=form)
        keep_secret(request, "invitation", made[1])
        return redirect(f"{team.get_absolute_url()}#new-invitation")


class RevokeInvitationView(SettingsView):
    def post(self, request: HttpRequest, invitation_id: int) -> HttpResponse:
        invitation: Invitation = revoke_invitation(actor=self.actor, invitation_id=invitation_id)
        messages.success(request, _("The invitation no longer works."))
        return redirect(invitation.team or "teams:people")
