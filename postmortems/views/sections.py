"""One section: read, write, set its state, look at its former versions."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.differences import compare
from core.errors import InvalidInput, NotAllowed, NotVisible
from core.pages import actor_of, keyset, wants_part
from incidents.evidence import Upload
from postmortems import actions
from postmortems.actions.sections import MAX_SECTION
from postmortems.choices import SectionKey
from postmortems.errors import EditedMeanwhile
from postmortems.forms.documents import SectionForm
from postmortems.live import announce
from postmortems.models import SectionRevision
from postmortems.views.page import page
from postmortems.views.shown import Document, editor_context, open_document, rendered, visible
from postmortems.writing import presence
from postmortems.writing.blame import hints

_PARTS = {"comments": "postmortems/partials/comments.html"}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def section(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """A part of a section for htmx (`?part=comments`, `?edit=1`); POST writes it."""
    if request.method == "POST":
        return _write(request, pk, key)
    document = open_document(actor_of(request), pk, key)
    if not wants_part(request):
        query = f"?edit={key}" if request.GET.get("edit") else ""
        return redirect(f"{document.postmortem.get_absolute_url()}{query}#section-{key}")
    if request.GET.get("edit") and document.may_write:
        return _editor(request, document)
    template = _PARTS.get(request.GET.get("part", ""), "postmortems/partials/section_text.html")
    return render(request, template, {"document": document, "section": document.sections[0]})


def _write(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    document = open_document(actor_of(request), pk, key)
    form = SectionForm(request.POST)
    if not form.is_valid():
        draft = {"text": request.POST.get("text", ""), "form": form}
        return _editor(request, document, status=422, **draft)
    values = form.values()
    if values["state"] == document.sections[0].row.state:
        # Nobody touched it, so the writing itself may move it on.
        values["state"] = None
    if request.POST.get("op") == "preview":
        return _editor(request, document, previewed=True, **_typed(values))
    if request.POST.get("op") == "image":
        return _with_picture(request, document, values)
    try:
        row = actions.edit_section(actor=document.actor, postmortem_id=pk, key=key, **values)  # type: ignore[arg-type]
    except EditedMeanwhile as error:
        clash = {
            "clash": error,
            "text": error.mine,
            "version": error.version,
            "theirs": compare(error.base or "", error.theirs),
            "mine": compare(error.base or "", error.mine),
        }
        return _editor(request, open_document(document.actor, pk, key), status=409, **clash)
    merged = row.text.replace("\r", "") != str(values["text"]).replace("\r\n", "\n").replace("\r", "")
    return _done(
        request, pk, key, _("Saved, together with what somebody else wrote") if merged else _("Saved")
    )


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in ("text", "version", "state", "author_hidden")}


def _with_picture(request: HttpRequest, document: Document, values: dict[str, Any]) -> HttpResponse:
    """The way to a picture without a script: kept, and its line put below the text, not yet saved."""
    typed = _typed(values)
    file = request.FILES.get("image")
    if file is None:
        return _editor(request, document, status=422, picture_error=_("Choose a picture first."), **typed)
    upload = Upload(file.name or "", file.size or 0, file)
    try:
        row = actions.add_image(actor=document.actor, postmortem_id=document.postmortem.pk, upload=upload)
    except InvalidInput as error:
        return _editor(request, document, status=422, picture_error=error.sentence, **typed)
    typed["text"] = f"{typed['text'].rstrip()}\n\n![{row.name}](image:{row.pk})\n"[:MAX_SECTION]
    return _editor(request, document, **typed)


def _editor(request: HttpRequest, document: Document, *, status: int = 200, **draft: Any) -> HttpResponse:
    """The editor with what was typed, alone for htmx, else in its page."""
    if not document.may_write:
        raise NotAllowed(_("Only those who respond to the incident can write its postmortem."))
    context = editor_context(document.postmortem, document.sections[0], draft)
    if wants_part(request):
        template = "postmortems/partials/section_editor.html"
        return render(request, template, {"document": document, **context}, status=status)
    return page(request, document.postmortem.pk, status=status, **context, editing=document.sections[0].key)


def _done(request: HttpRequest, pk: int, key: str, words: str) -> HttpResponse:
    if not wants_part(request):
        return redirect(f"/postmortems/{pk}/#section-{key}")
    document = open_document(actor_of(request), pk, key)
    context = {"document": document, "section": document.sections[0]}
    response = render(request, "postmortems/partials/section_text.html", context)
    response["HX-Trigger"] = json.dumps({"wb:toast": {"text": words, "tone": "ok"}})
    return response


@login_required
@require_POST
def set_state(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """To be written, being written or ready."""
    visible(actor_of(request), pk)
    actions.edit_section(
        actor=actor_of(request), postmortem_id=pk, key=key, state=request.POST.get("state", "")
    )
    return _done(request, pk, key, _("State set"))


@login_required
@require_POST
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """A text as it would look, and words to think about once more."""
    postmortem = visible(actor_of(request), pk)
    text = request.POST.get("text", "")
    if len(text) > MAX_SECTION:
        raise InvalidInput(_("The text is too long."))
    context = {"draft": {"preview": rendered(postmortem, text), "hints": hints(text)}}
    return render(request, "postmortems/partials/preview.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def editing(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """POST: the editor is open (again and again) or, with `done`, closed. Who else is writing here comes back."""
    actor, now = actor_of(request), clock.now()
    document = open_document(actor, pk, key, now)
    if request.method == "POST" and document.may_write and actor.user_id is not None:
        if request.POST.get("done"):
            news = presence.leave(pk, key, actor.user_id, now)
        else:
            news = presence.arrive(pk, key, actor.user_id, actor.label, now)
        if news:
            announce(document.postmortem, "editing", {"key": key}, now=now)
    return render(request, "postmortems/partials/writing.html", {"section": document.sections[0]})


@login_required
def contents(request: HttpRequest, pk: int) -> HttpResponse:
    """The table of contents with states, and who writes where."""
    document = open_document(actor_of(request), pk)
    return render(request, "postmortems/partials/contents.html", {"document": document})


@login_required
def revisions(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """All versions of a section, and what changed between any two."""
    document = open_document(actor_of(request), pk, key)
    shown = document.sections[0]
    rows = SectionRevision.objects.filter(section_id=shown.row.pk or 0).select_related("author")
    versions = keyset(rows.defer("text"), request.GET.get("cursor", ""), field="version")
    newest = shown.row.version
    later = _version(request, "to", newest)
    earlier = _version(request, "from", later - 1)
    texts = dict(rows.filter(version__in=[earlier, later]).values_list("version", "text"))
    context = {
        "document": document,
        "section": shown,
        "page": versions,
        "versions": [(row, row.version - 1) for row in versions.rows],
        "earlier": earlier,
        "later": later,
        "pieces": compare(texts.get(earlier, ""), texts[later]) if later in texts else None,
    }
    return render(request, "postmortems/pages/revisions.html", context)


def _version(request: HttpRequest, name: str, default: int) -> int:
    given = request.GET.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 10 else default


@login_required
@require_POST
def restore(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """What a version said becomes the next version."""
    visible(actor_of(request), pk)
    given = request.POST.get("version", "")
    if not (given.isdecimal() and len(given) < 10) or key not in SectionKey.values:
        raise NotVisible
    actions.restore_revision(actor=actor_of(request), postmortem_id=pk, key=key, version=int(given))
    return redirect("postmortems:revisions", pk, key)
