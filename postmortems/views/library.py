"""The library of published postmortems, and what is like an incident at hand."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.errors import NotVisible
from core.pages import actor_of
from incidents.models import Incident
from postmortems.library import MAX_QUERY
from postmortems.selectors import library as selectors
from postmortems.selectors.similar import similar_to
from postmortems.views.shown import visible


@login_required
def library(request: HttpRequest) -> HttpResponse:
    """Everything published the viewer may see: by words (`?q=`), narrowed by facets; newest first without words."""
    actor = actor_of(request)
    found = selectors.search(actor, request.GET.dict())
    asked = request.GET.get("q", "").replace("\0", "").strip()[:MAX_QUERY]
    context = {
        "found": found,
        "q": asked,
        "most": MAX_QUERY,
        "kept": [(name, request.GET[name]) for name in selectors.FILTERS if request.GET.get(name)],
        "filtered": bool(asked) or any(request.GET.get(name) for name in selectors.FILTERS),
        "before": found.page - 1,
        "after": found.page + 1 if found.page < found.pages else 0,
        "cut": found.total > selectors.SIZE * selectors.MOST_PAGES,
    }
    return render(request, "postmortems/pages/library.html", context)


@login_required
def similar(request: HttpRequest, number: int) -> HttpResponse:
    """What was like this incident, and what helped then: a panel of its page, for triage."""
    actor = actor_of(request)
    incident = Incident.objects.visible_to(actor).filter(number=number).first()
    if incident is None:
        raise NotVisible
    return render(request, "postmortems/partials/similar.html", {"similar": similar_to(incident, actor)})


@login_required
def similar_of_document(request: HttpRequest, pk: int) -> HttpResponse:
    """The same list in the document of that incident."""
    actor = actor_of(request)
    postmortem = visible(actor, pk)
    context = {"similar": similar_to(postmortem.incident, actor), "heading": True}
    return render(request, "postmortems/partials/similar.html", context)
