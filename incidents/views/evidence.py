"""Files of the timeline, served to those who see the incident and harmless in their browsers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from core.errors import NotVisible
from core.pages import actor_of
from incidents.actions.files import location
from incidents.choices import AttachmentKind
from incidents.models import Incident, TimelineFile
from incidents.views.streaming import streamed

_CHUNK = 64 * 1024


@login_required
def evidence_file(request: HttpRequest, number: int, file_id: int) -> HttpResponseBase:
    """The file. Pictures inline; texts as a download, or with `?plain=1` as plain text in the browser."""
    seen = Incident.objects.visible_to(actor_of(request)).filter(number=number)
    rows = TimelineFile.objects.filter(entry__incident__in=seen, entry__redacted_at__isnull=True)
    file = rows.filter(pk=file_id).first()
    if file is None:
        raise NotVisible
    inline = file.kind == AttachmentKind.IMAGE or request.GET.get("plain") == "1"
    response = _answer(request, file)
    response["Content-Disposition"] = content_disposition_header(not inline, file.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    # A redacted file is asked for again and refused, whoever has looked at it before.
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = f'"{file.sha256}"'
    return response


def _answer(request: HttpRequest, file: TimelineFile) -> HttpResponseBase:
    if f'"{file.sha256}"' in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified()
    if request.method == "HEAD":
        return HttpResponse(content_type=file.content_type)
    path = location(file.path)
    if not path.is_file():
        raise NotVisible
    response = streamed(request, _pieces(path), content_type=file.content_type)
    response["Content-Length"] = str(file.size)
    return response


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while piece := opened.read(_CHUNK):
            yield piece
