"""The demo's one-click sign-in, its story restarted, and an empty start. Only with DEMO and DEBUG on."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login, logout
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from teams.models import User
from web.demo import company, empty, live_story

_BACKEND = "django.contrib.auth.backends.ModelBackend"


def _only_demo() -> None:
    if not (settings.DEMO and settings.DEBUG):
        raise Http404


@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Become one of the demo people."""
    _only_demo()
    known = {person.email for person in company.PEOPLE if person.login}
    email = request.POST.get("email", "")
    user = User.objects.filter(email=email, is_active=True).first() if email in known else None
    if user is None:
        raise Http404
    login(request, user, backend=_BACKEND)
    return redirect("/")


@require_POST
def restart(request: HttpRequest) -> HttpResponse:
    """The unfinished demo incidents begin anew."""
    _only_demo()
    if not request.user.is_authenticated:
        raise Http404
    live_story.refresh()
    return redirect("/")


@require_POST
def start_empty(request: HttpRequest) -> HttpResponse:
    """Everything goes, the person is signed out, and the first visit begins."""
    _only_demo()
    if not request.user.is_authenticated:
        raise Http404
    logout(request)
    empty.start_empty()
    return redirect("teams:setup")


@require_POST
def load_company(request: HttpRequest) -> HttpResponse:
    """The demo company comes (back). Once there are accounts, only for an admin of the empty start."""
    _only_demo()
    if User.objects.exists():
        if not empty.chosen():
            raise Http404
        if not request.user.is_superuser:
            raise PermissionDenied
    logout(request)
    empty.load_company()
    return redirect(settings.LOGIN_URL)
