"""Rows of the timeline: older ones, star, edit, redact."""

from __future__ import annotations

from django import forms as django_forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core.errors import NotVisible
from core.pages import actor_of
from incidents import actions
from incidents.models import TimelineEntry
from incidents.selectors import for_page, latest_timeline


@login_required
def older(request: HttpRequest, number: int) -> HttpResponse:
    """Entries before `?before=<seq>`, newest first, as rows to append."""
    incident = for_page(actor_of(request), number)
    if incident is None:
        raise NotVisible
    text = request.GET.get("before", "")
    before = int(text) if text.isdigit() and len(text) < 10 else None
    entries = latest_timeline(incident, before=before)
    return render(
        request, "incidents/partials/timeline_page.html", {"incident": incident, "entries": entries}
    )


@login_required
@require_POST
def star(request: HttpRequest, number: int, seq: int) -> HttpResponse:
    """Switch the star of an entry; answers with the row."""
    incident = for_page(actor_of(request), number)
    entry = TimelineEntry.objects.filter(incident=incident, seq=seq).first() if incident else None
    if incident is None or entry is None:
        raise NotVisible
    entry = actions.star_entry(actor=actor_of(request), number=number, seq=seq, starred=not entry.starred)
    return _row_or_page(request, entry)


class EntryForm(django_forms.Form):
    text = django_forms.CharField(max_length=20_000, widget=django_forms.Textarea(attrs={"rows": 4}))


@login_required
def edit(request: HttpRequest, number: int, seq: int) -> HttpResponse:
    """Change one's own note; the former text is kept."""
    incident = for_page(actor_of(request), number)
    entry = TimelineEntry.objects.filter(incident=incident, seq=seq).first() if incident else None
    if incident is None or entry is None:
        raise NotVisible
    form = EntryForm(request.POST or None, initial={"text": entry.text})
    if request.method == "POST" and form.is_valid():
        actions.edit_entry(actor=actor_of(request), number=number, seq=seq, text=form.cleaned_data["text"])
        return redirect(f"{incident.get_absolute_url()}#entry-{seq}")
    status = 422 if form.errors else 200
    context = {"incident": incident, "entry": entry, "form": form}
    return render(request, "incidents/pages/entry.html", context, status=status)


@login_required
@require_POST
def redact(request: HttpRequest, number: int, seq: int) -> HttpResponse:
    """Blank an entry for good."""
    entry = actions.redact_entry(actor=actor_of(request), number=number, seq=seq)
    return redirect(f"{entry.incident.get_absolute_url()}#entry-{seq}")


def _row_or_page(request: HttpRequest, entry: TimelineEntry) -> HttpResponse:
    if not getattr(request, "htmx", False):
        return redirect(f"{entry.incident.get_absolute_url()}#entry-{entry.seq}")
    context = {"entry": entry, "incident": entry.incident}
    return render(request, "incidents/partials/timeline_row.html", context)
