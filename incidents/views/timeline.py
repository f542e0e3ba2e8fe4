"""The composer, and the timeline as a file."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.errors import DomainError, NotVisible
from core.pages import actor_of, wants_json
from core.streaming import as_now, streamed
from incidents import actions
from incidents.commands import HELP, is_command
from incidents.evidence import Upload
from incidents.exports import FORMATS, export
from incidents.forms.timeline import ComposerForm
from incidents.models import Incident
from incidents.record import in_order, moment_of
from incidents.selectors import allowed_verbs, for_page
from teams.actor import Actor


@login_required
def compose(request: HttpRequest, number: int) -> HttpResponse:
    """A note, a slash command or evidence, as one form sends it. JSON for the page's script: `{sentence}` or
    `{detail}`; without script a redirect, or the form again with the sentence and what was typed."""
    actor = actor_of(request)
    incident = for_page(actor, number)
    if incident is None:
        raise NotVisible
    if request.method != "POST":
        return _page(request, incident)
    form = ComposerForm(request.POST)
    sentence, help_wanted = "", False
    try:
        if not form.is_valid():
            return _refused(request, incident, _("That is too long."), 422)
        sentence, help_wanted = _write(request, actor, number, form.cleaned_data)
    except DomainError as error:
        if error.status not in (400, 409):
            if wants_json(request):
                return JsonResponse({"detail": error.sentence}, status=error.status)
            raise
        words = next((reasons[0] for reasons in error.fields.values()), error.sentence)
        return _refused(request, incident, words, 422 if error.status == 400 else 409)
    if help_wanted:
        return _refused(request, incident, "", 200, help_shown=True)
    if wants_json(request):
        return JsonResponse({"sentence": sentence})
    return redirect(f"{incident.get_absolute_url()}#timeline")


def _write(request: HttpRequest, actor: Actor, number: int, data: dict[str, str]) -> tuple[str, bool]:
    """What is said back, and whether the help is asked for."""
    text, happened_at = data["text"], moment_of(data["happened_at"])
    files = [
        Upload(file.name or "file", file.size or 0, file.file)
        for file in request.FILES.getlist("files")
        if file.file is not None
    ]
    if files or (data["link"] and not text):
        actions.add_evidence(
            actor=actor,
            number=number,
            files=files,
            text=text,
            happened_at=happened_at,
            link=data["link"],
            key=data["key"],
        )
        return _("Evidence attached"), False
    if is_command(text):
        outcome = actions.run_command(actor=actor, number=number, text=text)
        return outcome.sentence, outcome.help
    actions.add_note(
        actor=actor,
        number=number,
        text=text,
        happened_at=happened_at,
        evidence_link=data["link"],
        key=data["key"],
    )
    return _("Note added"), False


def _refused(
    request: HttpRequest, incident: Incident, sentence: str, status: int, *, help_shown: bool = False
) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"detail": sentence, "help": help_shown}, status=status)
    return _page(request, incident, status, composer_error=sentence, help_shown=help_shown)


def _page(request: HttpRequest, incident: Incident, status: int = 200, **context: Any) -> HttpResponse:
    context |= {
        "incident": incident,
        "composer_text": request.POST.get("text", "") if not context.get("help_shown") else "",
        "commands": HELP,
        "verbs": allowed_verbs(actor_of(request), incident),
    }
    return render(request, "incidents/pages/compose.html", context, status=status)


@login_required
@require_GET
def export_file(request: HttpRequest, number: int, form: str) -> HttpResponseBase:
    """The timeline as Markdown, CSV or JSON; `?starred=1`: only what is starred."""
    incident = for_page(actor_of(request), number)
    if incident is None:
        raise NotVisible
    return exported(request, incident, form)


def exported(request: HttpRequest, incident: Incident, form: str) -> HttpResponseBase:
    """The answer that carries the file, sent while it is being written."""
    starred = request.GET.get("starred") in ("1", "true")
    pieces = export(incident, in_order(incident, starred=starred), form)
    response = streamed(request, as_now(pieces), content_type=f"{FORMATS[form]}; charset=utf-8")
    name = f"incident-{incident.number}{'-starred' if starred else ''}.{form}"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
