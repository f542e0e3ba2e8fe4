"""Files of the timeline, served to those who see the incident and harmless in their browsers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from core.errors import NotVisible
from core.pages import actor_of
from core.streaming import kept_file
from incidents.actions.files import EVIDENCE
from incidents.choices import AttachmentKind
from incidents.models import Incident, TimelineFile


@login_required
def evidence_file(request: HttpRequest, number: int, file_id: int) -> HttpResponseBase:
    """The file. Pictures inline; texts as a download, or with `?plain=1` as plain text in the browser."""
    seen = Incident.objects.visible_to(actor_of(request)).filter(number=number)
    rows = TimelineFile.objects.filter(entry__incident__in=seen, entry__redacted_at__isnull=True)
    file = rows.filter(pk=file_id).first()
    if file is None:
        raise NotVisible
    inline = file.kind == AttachmentKind.IMAGE or request.GET.get("plain") == "1"
    return kept_file(request, EVIDENCE, file, inline=inline)
