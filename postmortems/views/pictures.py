"""Pictures of a document, and people to mention in it: what its editor asks for."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import DomainError, NotVisible
from core.pages import actor_of
from core.streaming import kept_file
from incidents.evidence import Upload
from incidents.recipients import seers
from postmortems import actions
from postmortems.actions.images import PICTURES
from postmortems.models import Postmortem, PostmortemImage
from postmortems.views.shown import visible
from teams.models import User

_OFFERED = 8
_LOOKED_AT = 100


@login_required
@require_POST
def add_image(request: HttpRequest, pk: int) -> JsonResponse:
    """A pasted or dropped picture (`file`): its id and the markdown that shows it."""
    visible(actor_of(request), pk)
    file = request.FILES.get("file")
    if file is None:
        return JsonResponse({"sentence": _("Choose a picture first.")}, status=422)
    upload = Upload(file.name or "", file.size or 0, file)
    try:
        row = actions.add_image(actor=actor_of(request), postmortem_id=pk, upload=upload)
    except DomainError as error:
        status = 422 if error.status == 400 else error.status
        return JsonResponse({"sentence": error.sentence}, status=status)
    return JsonResponse(
        {"id": row.pk, "name": row.name, "markdown": f"![{row.name}](image:{row.pk})"}, status=201
    )


@login_required
def image(request: HttpRequest, pk: int, image_id: int) -> HttpResponseBase:
    """The picture, to those who see the document; harmless in their browsers."""
    seen = Postmortem.objects.visible_to(actor_of(request)).filter(pk=pk)
    row = PostmortemImage.objects.filter(postmortem__in=seen, pk=image_id).first()
    if row is None:
        raise NotVisible
    return kept_file(request, PICTURES, row, inline=True)


@login_required
def find_people(request: HttpRequest, pk: int) -> JsonResponse:
    """People to mention: a word of their name begins with `?q=`. Only those who may see the document."""
    postmortem = visible(actor_of(request), pk)
    start = request.GET.get("q", "").replace("\0", "").strip()[:60]
    begins = Q(name__istartswith=start) | Q(name__icontains=f" {start}")
    rows = User.objects.active().filter(begins).exclude(name="").order_by("name", "pk")
    people = list(rows.values_list("pk", "name")[:_LOOKED_AT])
    seeing = seers(postmortem.incident, [each for each, _name in people])
    found = [{"id": each, "name": name} for each, name in people if each in seeing]
    return JsonResponse({"people": found[:_OFFERED]})
