"""The incident's side: its part about status pages, and the form that opens a notice from it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core.errors import InvalidInput, NotAllowed, NotVisible
from core.pages import actor_of
from incidents.choices import IncidentKind
from incidents.models import Incident
from statuspage.actions.from_incident import tell_public
from statuspage.actions.locking import publishable_pages
from statuspage.choices import OVER, NoticeState
from statuspage.forms.notices import FromIncidentForm
from statuspage.models import Notice, StatusPage
from statuspage.proposals import proposed, wording
from teams.views.base import attach


@login_required
def panel(request: HttpRequest, number: int) -> HttpResponse:
    """The notices of an incident, as far as the viewer may see their pages. htmx reads it into the incident."""
    incident = _incident(request, number)
    actor = actor_of(request)
    told = Q(incident=incident) | Q(
        incident__in=Incident.objects.visible_to(actor).filter(merged_into=incident)
    )
    rows = Notice.objects.visible_to(actor).filter(told).exclude(state=NoticeState.REFUSED)
    notices = list(rows.select_related("page").prefetch_related("components").order_by("-started_at")[:20])
    still_open = [row for row in notices if row.state == NoticeState.PUBLISHED and row.status not in OVER]
    context = {
        "incident": incident,
        "notices": notices,
        "forgotten": bool(still_open) and not incident.is_active and incident.merged_into_id is None,
        "may_tell": incident.kind != IncidentKind.DRILL
        and incident.is_active
        and bool(publishable_pages(actor)[:1]),
    }
    return render(request, "statuspage/partials/panel.html", context)


@login_required
def tell(request: HttpRequest, number: int) -> HttpResponse:
    """Open a notice: the page first, then its components as the incident's impact proposes them."""
    incident = _incident(request, number)
    actor = actor_of(request)
    pages = list(publishable_pages(actor)[:100])
    if not pages:
        raise NotAllowed("You are on no team that keeps a status page.")
    wanted = request.GET.get("page", "")
    page = next((row for row in pages if row.slug == wanted), None) or _likeliest(incident, pages)
    chosen = proposed(incident, page)
    first = {} if request.method == "POST" else wording(page, chosen)
    form = FromIncidentForm(request.POST or None, page=page, chosen=chosen, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            notice = tell_public(actor=actor, number=number, page_id=page.pk, **form.values())
        except InvalidInput as error:
            attach(form, error)
        else:
            waits = notice.state == NoticeState.WAITING
            text = _("It waits for approval.") if waits else _("Customers can read it now.")
            messages.success(request, text)
            return redirect(incident.get_absolute_url())
    context = {
        "incident": incident,
        "page_": page,
        "pages": pages,
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "statuspage/pages/from_incident.html", context, status=status)


def _incident(request: HttpRequest, number: int) -> Incident:
    row: Incident | None = Incident.objects.visible_to(actor_of(request)).filter(number=number).first()
    if row is None:
        raise NotVisible
    return row


def _likeliest(incident: Incident, pages: list[StatusPage]) -> StatusPage:
    """The page most of whose components stand for the incident's services; else the first."""
    return max(pages, key=lambda page: len(proposed(incident, page))) if len(pages) <= 10 else pages[0]
