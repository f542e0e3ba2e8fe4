"""Issue trackers of the teams one manages, and the door their webhooks come in at."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from core import ratelimit
from core.crypto import digest, unseal
from core.errors import NotVisible
from incidents.actions import trackers as actions
from incidents.forms.trackers import DisconnectForm, TrackerForm
from incidents.models import TrackerConnection
from incidents.trackers import HookRefused, tracker_of
from incidents.trackers.listeners import linked
from teams.views.base import SettingsView, applied, keep_secret, take_secret

LIST = "/settings/trackers/"
HOOK_LIMIT = 1_048_576
_RATE, _BURST = 10.0, 200


class TrackerPage(SettingsView):
    """For those who manage a team; the others find nothing here."""

    needs = "manager"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and not self.actor.manages_any:
            raise NotVisible
        return super().dispatch(request, *args, **kwargs)

    def show(self, name: str, *, status: int = 200, label: str = "", **context: Any) -> HttpResponse:
        crumbs = [
            {"label": _("Settings"), "url": "/settings/"},
            {"label": _("Issue trackers"), "url": LIST if label else ""},
        ]
        crumbs += [{"label": label, "url": ""}] if label else []
        return render(
            self.request, f"incidents/pages/{name}.html", {"crumbs": crumbs, **context}, status=status
        )

    def row(self, pk: int) -> TrackerConnection:
        rows = TrackerConnection.objects.manageable_by(self.actor).select_related("team")
        found: TrackerConnection | None = rows.filter(pk=pk).first()
        if found is None:
            raise NotVisible
        return found


class TrackersView(TrackerPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        rows = list(TrackerConnection.objects.manageable_by(self.actor).select_related("team"))
        counts = linked([row.pk for row in rows])
        return self.show("trackers", rows=[(row, counts[row.pk]) for row in rows])


class NewTrackerView(TrackerPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self._form(TrackerForm(actor=self.actor))

    def post(self, request: HttpRequest) -> HttpResponse:
        form, actor = TrackerForm(request.POST, actor=self.actor), self.actor

        def connect(data: dict[str, Any]) -> tuple[TrackerConnection, str]:
            team = data.pop("team")
            return actions.connect_tracker(actor=actor, team_id=team.pk, **data)

        made = applied(form, connect)
        if made is None:
            return self._form(form, status=422)
        row, secret = made
        keep_secret(request, f"tracker:{row.pk}", secret)
        return redirect("incidents:tracker", row.pk)

    def _form(self, form: TrackerForm, *, status: int = 200) -> HttpResponse:
        return self.show("tracker_new", status=status, label=_("New connection"), form=form)


class TrackerView(TrackerPage):
    """One connection: how to set the webhook up, what was heard and written, its settings."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.row(pk)
        return self._page(row, TrackerForm(actor=self.actor, row=row, initial=TrackerForm.initial_for(row)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row, actor = self.row(pk), self.actor
        form = TrackerForm(request.POST, actor=actor, row=row)
        if applied(form, lambda data: actions.change_tracker(actor=actor, connection_id=pk, **data)) is None:
            return self._page(self.row(pk), form, status=422)
        messages.success(request, _("Saved."))
        return redirect("incidents:tracker", pk)

    def _page(self, row: TrackerConnection, form: TrackerForm, **more: Any) -> HttpResponse:
        return tracker_page(self, row, form, **more)


def tracker_page(
    view: TrackerPage,
    row: TrackerConnection,
    form: TrackerForm,
    *,
    status: int = 200,
    remove_form: DisconnectForm | None = None,
) -> HttpResponse:
    """The page of one connection; the secret is there once, after it was made."""
    secret = take_secret(view.request, f"tracker:{row.pk}")
    return view.show(
        "tracker",
        status=status,
        label=row.name,
        row=row,
        form=form,
        remove_form=remove_form or DisconnectForm(auto_id="remove_%s"),
        hook_url=actions.hook_url(row),
        hook_events=tracker_of(row.kind).hook_events,
        secret=secret,
        linked=linked([row.pk])[row.pk],
    )


class TrackerActionView(TrackerPage):
    """What the buttons of a connection do: check, rotate, remove. Questions are asked by GET."""

    def get(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        row, back = self.row(pk), reverse("incidents:tracker", args=[pk])
        if verb != "rotate":
            return redirect(back)
        title = _("Make a new secret for %(name)s?") % {"name": row.name}
        text = _("Webhooks signed with the present secret are refused at once: change it in the tracker too.")
        return self.confirm(title=title, text=text, action=_("New secret"), back=back)

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        row, back = self.row(pk), reverse("incidents:tracker", args=[pk])
        if verb == "check":
            problem = actions.check_tracker(actor=self.actor, connection_id=pk)
            if not problem:
                messages.success(request, _("The repository answers; issues can be read."))
            return redirect(back)
        if verb == "rotate":
            secret = actions.rotate_tracker_secret(actor=self.actor, connection_id=pk)
            keep_secret(request, f"tracker:{pk}", secret)
            return redirect(back)
        remove_form = DisconnectForm(request.POST, auto_id="remove_%s")

        def remove(data: dict[str, Any]) -> bool:
            actions.disconnect_tracker(actor=self.actor, connection_id=pk, **data)
            return True

        removed = applied(remove_form, remove)
        if removed is None:
            form = TrackerForm(actor=self.actor, row=row, initial=TrackerForm.initial_for(row))
            return tracker_page(self, row, form, status=422, remove_form=remove_form)
        messages.success(request, _("The connection is removed."))
        return redirect(LIST)


# A tracker cannot send our CSRF token; its signature is checked instead.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class TrackerHookView(View):
    """202 for what was taken in or was here before; 401 for a wrong signature, 400 for what cannot be read, 404 for
    an unknown or switched off connection, 413 above 1 MiB, 429 with `Retry-After`."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, hook_key: str) -> HttpResponse:
        if wait := ratelimit.take(f"tracker:{digest(hook_key)[:24]}", rate=_RATE, burst=_BURST):
            answer = _said(429, "Too many requests.")
            answer["Retry-After"] = str(wait)
            return answer
        length = request.headers.get("Content-Length", "")
        if length.isascii() and length.isdigit() and int(length[:12]) > HOOK_LIMIT:
            return _said(413, "At most 1 MiB.")
        row = TrackerConnection.objects.filter(hook_key=hook_key, active=True).first()
        if row is None:
            return _said(404, "There is no such connection.")
        body = request.read(HOOK_LIMIT + 1)
        if len(body) > HOOK_LIMIT:
            return _said(413, "At most 1 MiB.")
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            news = tracker_of(row.kind).parse_hook(headers, body, unseal(row.sealed_secret), row.project)
        except HookRefused as error:
            return _said(error.status, error.message)
        new = actions.take_hook(connection_id=row.pk, news=news)
        return _said(202, "Taken in." if new else "It was here before.")


def _said(status: int, text: str) -> JsonResponse:
    return JsonResponse({"detail": text}, status=status)
