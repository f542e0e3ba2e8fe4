from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from core import display
from teams.actor import actor_for


class ViewerMiddleware:
    """Gives each signed-in request its `actor`, and the person's time zone, language and way of showing times."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        request.actor = SimpleLazyObject(lambda: actor_for(user))  # type: ignore[attr-defined]
        shown = display.Display(clock_24h=user.clock_24h, week_starts_monday=user.week_starts_monday)
        with timezone.override(user.zone), translation.override(user.language), display.override(shown):
            return self.get_response(request)
