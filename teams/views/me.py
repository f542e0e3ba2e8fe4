"""Settings of the signed-in person."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock
from core.errors import NotVisible
from teams.accounts import remember_theme
from teams.actions.access import end_all_sessions, end_session
from teams.actions.people import update_profile
from teams.actions.tokens import create_token, revoke_token
from teams.forms import ProfileForm, TokenForm, zone_names
from teams.models import APIToken, Team, User
from teams.settings_nav import sections_for
from teams.views.base import SettingsView, applied, keep_secret, take_secret


class IndexView(SettingsView):
    """Everything the person may set, grouped."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page("index", sections=sections_for(self.actor))


class ProfileView(SettingsView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(ProfileForm(initial=ProfileForm.initial_for(request.user)))  # type: ignore[arg-type]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ProfileForm(request.POST)
        actor, user_id = self.actor, int(request.user.pk or 0)
        user = applied(form, lambda data: update_profile(actor=actor, user_id=user_id, **data))
        if user is None:
            return self._page(form, status=422)
        messages.success(request, _("Your profile is saved."))
        response = redirect("teams:profile")
        remember_theme(response, user.theme)
        return response

    def _page(self, form: ProfileForm, *, status: int = 200) -> HttpResponse:
        crumbs = [(_("Profile"), "")]
        return self.page("profile", status=status, form=form, zones=zone_names(), crumbs=crumbs)


class SecurityView(SettingsView):
    """Password, second factor and sessions."""

    def get(self, request: HttpRequest) -> HttpResponse:
        assert isinstance(request.user, User)
        UserSession.objects.create_from_request(request)
        sessions = UserSession.objects.purge_and_list(request.user)
        factors = dict(
            Authenticator.objects.filter(user_id=request.user.pk).values_list("type", "created_at")
        )
        sessions.sort(key=lambda row: (row.session_key != request.session.session_key, -row.pk))
        return self.page(
            "security",
            sessions=sessions,
            current=request.session.session_key,
            has_password=request.user.has_usable_password(),
            totp_since=factors.get("totp"),
            has_codes="recovery_codes" in factors,
            single_sign_on=bool(settings.SOCIALACCOUNT_PROVIDERS),
            crumbs=[(_("Security"), "")],
        )


class EndSessionView(SettingsView):
    """Ends one session of one's own; without a number all others."""

    def post(self, request: HttpRequest, session_id: int | None = None) -> HttpResponse:
        if session_id is not None:
            end_session(actor=self.actor, session_id=session_id)
            messages.success(request, _("That browser is signed out."))
        else:
            user = end_all_sessions(actor=self.actor, user_id=int(request.user.pk or 0))
            update_session_auth_hash(request, user)
            messages.success(request, _("All other browsers are signed out."))
        return redirect("teams:security")


class TokensView(SettingsView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(TokenForm(teams=self._teams()))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TokenForm(request.POST, teams=self._teams())
        made = applied(
            form,
            lambda data: create_token(
                actor=self.actor,
                name=data["name"],
                scopes=data["scopes"],
                team_id=data["team"].pk if data["team"] else None,
                expires_at=form.expires_at(),
            ),
        )
        if made is None:
            return self._page(form, status=422)
        keep_secret(request, "token", made[1])
        return redirect(f"{reverse('teams:tokens')}#new-token")

    def _teams(self) -> object:
        return Team.objects.filter(pk__in=self.actor.teams_with())

    def _page(self, form: TokenForm, *, status: int = 200) -> HttpResponse:
        now = clock.now()
        rows = APIToken.objects.visible_to(self.actor).select_related("team").filter(revoked_at__isnull=True)
        secret = take_secret(self.request, "token")
        return self.page(
            "tokens",
            status=status,
            form=form,
            tokens=[(token, token.is_usable(now)) for token in rows],
            secret=secret,
            curl=f"curl -H 'Authorization: Bearer {secret}' {settings.BASE_URL}/api/v1/users/me/",
            crumbs=[(_("API tokens"), "")],
        )


class RevokeTokenView(SettingsView):
    def get(self, request: HttpRequest, token_id: int) -> HttpResponse:
        token = APIToken.objects.visible_to(self.actor).filter(pk=token_id, revoked_at__isnull=True).first()
        if token is None:
            raise NotVisible
        return self.confirm(
            title=_("Revoke “%(name)s”?") % {"name": token.name},
            text=_("Whatever uses this token stops working at once. It cannot be brought back."),
            action=_("Revoke token"),
            back=reverse("teams:tokens"),
        )

    def post(self, request: HttpRequest, token_id: int) -> HttpResponse:
        revoke_token(actor=self.actor, token_id=token_id)
        messages.success(request, _("The token is revoked."))
        return redirect("teams:tokens")
