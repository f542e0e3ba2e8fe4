"""Rows of the timeline: older ones, star, edit, former texts, redact."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core.errors import NotVisible
from core.pages import actor_of, wants_part
from incidents import actions
from incidents.actions.notes import may_change
from incidents.errors import ChangedMeanwhile
from incidents.forms.timeline import EntryForm
from incidents.models import Incident, TimelineEntry
from incidents.record import MORE
from incidents.selectors import for_page
from incidents.views.parts.base import State
from incidents.views.parts.timeline import rows_context


@login_required
def older(request: HttpRequest, number: int) -> HttpResponse:
    """Entries before `?cursor=`, newest first, as rows to append; filters as on the page."""
    incident = _incident(request, number)
    context = rows_context(State(actor_of(request), incident, request.GET), size=MORE)
    template = "partials/timeline_page" if wants_part(request) else "pages/timeline"
    return render(request, f"incidents/{template}.html", {"incident": incident, **context})


@login_required
@require_POST
def star(request: HttpRequest, number: int, seq: int) -> HttpResponse:
    """Switch the star of an entry; answers with the row."""
    _found, entry = _entry(request, number, seq)
    entry = actions.star_entry(actor=actor_of(request), number=number, seq=seq, starred=not entry.starred)
    return _row_or_page(request, entry)


@login_required
def edit(request: HttpRequest, number: int, seq: int) -> HttpResponse:
    """Change one's own note; the former text is kept. When somebody else did meanwhile: both texts, 409."""
    incident, entry = _entry(request, number, seq)
    actor = actor_of(request)
    form = EntryForm(request.POST or None, initial={"text": entry.text, "base": entry.text})
    context: dict[str, Any] = {
        "incident": incident,
        "entry": entry,
        "form": form,
        "may_change": may_change(actor, incident, entry),
    }
    if request.method == "POST" and form.is_valid():
        text, base = form.cleaned_data["text"], form.cleaned_data["base"]
        try:
            actions.edit_entry(
                actor=actor, number=number, seq=seq, text=text, base=base if "base" in request.POST else None
            )
        except ChangedMeanwhile as error:
            context["merge"] = {"theirs": error.fields["text"][0], "yours": text}
            return render(request, "incidents/pages/entry.html", context, status=409)
        return redirect(f"{incident.get_absolute_url()}#entry-{seq}")
    return render(request, "incidents/pages/entry.html", context, status=422 if form.errors else 200)


@login_required
def revisions(request: HttpRequest, number: int, seq: int) -> HttpResponse:
    """Who changed an entry when, and what it said before."""
    incident, entry = _entry(request, number, seq)
    rows = list(entry.revisions.select_related("replaced_by").order_by("id"))
    texts = [*[row.text for row in rows], entry.text]
    context = {
        "incident": incident,
        "entry": entry,
        "changes": [
            {"by": row.replaced_by, "at": row.replaced_at, "old": texts[index], "new": texts[index + 1]}
            for index, row in enumerate(rows)
        ][::-1],
        "may_change": may_change(actor_of(request), incident, entry),
    }
    return render(request, "incidents/pages/revisions.html", context)


@login_required
@require_POST
def redact(request: HttpRequest, number: int, seq: int) -> HttpResponse:
    """Blank an entry for good."""
    entry = actions.redact_entry(actor=actor_of(request), number=number, seq=seq)
    return redirect(f"{entry.incident.get_absolute_url()}#entry-{seq}")


def _incident(request: HttpRequest, number: int) -> Incident:
    incident = for_page(actor_of(request), number)
    if incident is None:
        raise NotVisible
    return incident


def _entry(request: HttpRequest, number: int, seq: int) -> tuple[Incident, TimelineEntry]:
    incident = _incident(request, number)
    entry = TimelineEntry.objects.filter(incident=incident, seq=seq).select_related("author").first()
    if entry is None:
        raise NotVisible
    return incident, entry


def _row_or_page(request: HttpRequest, entry: TimelineEntry) -> HttpResponse:
    if not wants_part(request):
        return redirect(f"{entry.incident.get_absolute_url()}#entry-{entry.seq}")
    context = {"entry": entry, "incident": entry.incident}
    return render(request, "incidents/partials/timeline_row.html", context)
