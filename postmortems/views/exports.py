"""A postmortem as files, and as a page to print. Whoever sees the document may take it along, by role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from core.pages import actor_of
from core.streaming import streamed
from postmortems.exporting.answers import exported
from postmortems.exporting.document import paper_of, written
from postmortems.views.shown import rendered, visible
from postmortems.writing.drawing import fault_tree_svg
from teams.actor import Actor


@login_required
@require_safe
def export(request: HttpRequest, pk: str, form: str) -> HttpResponseBase:
    """The document as Markdown, PDF, JSON or a bundle of everything."""
    return answer(request, int(pk), form, actor_of(request))


def answer(request: HttpRequest, pk: int, form: str, actor: Actor) -> HttpResponseBase:
    """The file as it is sent, for pages and the API; NotVisible to whoever does not see the document."""
    file = exported(visible(actor, min(pk, 2**63 - 1)), form)
    response: HttpResponseBase
    if isinstance(file.content, bytes):
        response = HttpResponse(file.content, content_type=file.content_type)
    else:
        response = streamed(request, _pieces(file.content), content_type=file.content_type)
        # Closed with the answer, sent or not.
        response._resource_closers.append(file.content.close)  # type: ignore[attr-defined]
    response["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    with content:
        while piece := content.read(256 * 1024):
            yield piece


@login_required
@require_safe
def print_view(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole document on one page without any tools, by role."""
    postmortem = visible(actor_of(request), pk)
    paper = paper_of(postmortem)
    parts = [(part, rendered(postmortem, part.text)) for part in paper.parts if part in written(paper.parts)]
    there = {part.key for part, _html in parts}
    context = {
        "paper": paper,
        "postmortem": postmortem,
        "parts": parts,
        "tree": fault_tree_svg(paper.roots),
        "causes_apart": "causes" not in there,
        "items_apart": "follow_ups" not in there,
    }
    return render(request, "postmortems/pages/print.html", context)
