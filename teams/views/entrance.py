"""Pages before sign-in: sign-in itself, the first admin, and invitations."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.utils import perform_login
from allauth.account.views import LoginView
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from core import clock, ratelimit
from core.errors import NotVisible, TooMany
from teams.actions.invitations import accept_invitation, join_with_invitation
from teams.actions.setup import create_first_admin
from teams.forms import NewAccountForm, SetupForm
from teams.models import User
from teams.selectors import invitation_by_secret
from teams.views.base import applied


class SignInView(LoginView):
    """Sign-in; an empty installation leads to its set-up. `demo_people` in the context adds cards."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "GET" and not request.user.is_authenticated and not User.objects.exists():
            return redirect("teams:setup")
        return super().dispatch(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


@method_decorator([never_cache, sensitive_post_parameters("password", "code")], name="dispatch")
class SetupView(View):
    """The first visit: makes the first admin with the code from the terminal."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if User.objects.exists():
            return redirect(settings.LOGIN_URL)
        return self._page(request, SetupForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        _limit(request, "setup")
        if User.objects.exists():
            return redirect(settings.LOGIN_URL)
        form = SetupForm(request.POST)
        user = applied(form, lambda data: create_first_admin(**data))
        if user is None:
            return self._page(request, form, status=422)
        return _sign_in(request, user, "/")

    def _page(self, request: HttpRequest, form: SetupForm, *, status: int = 200) -> HttpResponse:
        return render(request, "teams/pages/setup.html", {"form": form}, status=status)


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class InvitationView(View):
    """What the link of an invitation opens: a new account, or joining the team with the one at hand."""

    def get(self, request: HttpRequest, secret: str) -> HttpResponse:
        return self._page(request, secret)

    def post(self, request: HttpRequest, secret: str) -> HttpResponse:
        _limit(request, "invite")
        if request.user.is_authenticated:
            actor = request.actor  # type: ignore[attr-defined]
            join_with_invitation(actor=actor, secret=secret)
            messages.success(request, _("Welcome to the team."))
            return redirect("teams:teams")
        found = invitation_by_secret(secret, clock.now())
        form = NewAccountForm(request.POST, email=found.invitation.email if found else "")
        person = applied(form, lambda data: accept_invitation(secret=secret, **data))
        if person is None:
            return self._page(request, secret, form=form, status=422)
        return _sign_in(request, person, "/")

    def _page(
        self, request: HttpRequest, secret: str, *, form: NewAccountForm | None = None, status: int = 200
    ) -> HttpResponse:
        found = invitation_by_secret(secret, clock.now())
        if found is None:
            raise NotVisible
        invitation = found.invitation
        known = bool(invitation.email) and User.objects.filter(email=invitation.email).exists()
        foreign = request.user.is_authenticated and invitation.email not in ("", request.user.email.lower())
        context = {
            "invitation": invitation,
            "state": found.state,
            "form": form or NewAccountForm(initial={"name": invitation.name}, email=invitation.email),
            "known": known,
            "foreign": foreign,
            "login_url": f"{settings.LOGIN_URL}?next={request.path}",
        }
        return render(request, "teams/pages/invitation.html", context, status=status)


def _sign_in(request: HttpRequest, user: User, url: str) -> HttpResponse:
    response: HttpResponse = perform_login(
        request, user, email_verification="none", redirect_url=url, signal_kwargs={}
    )
    return response


def _limit(request: HttpRequest, what: str) -> None:
    address = get_adapter().get_client_ip(request)
    wait = ratelimit.take(f"{what}:{address}", rate=0.2, burst=20)
    if wait:
        raise TooMany(_("Too many attempts. Wait a minute."), retry_after=wait)
