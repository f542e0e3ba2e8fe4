"""Postmortems: list, document, panel of an incident."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.errors import InvalidInput, NotVisible
from core.pages import actor_of, keyset
from incidents.models import Incident
from postmortems import actions
from postmortems.choices import PostmortemStatus, SectionState
from postmortems.forms.items import ItemForm
from postmortems.models import Postmortem
from postmortems.views.page import BEFORE_REVIEW, UNPUBLISHED, items_of, page
from postmortems.views.shown import visible
from teams.models import Team


@login_required
def postmortem_list(request: HttpRequest) -> HttpResponse:
    """All postmortems the viewer may see, newest first; by state, team, owner, or what is late."""
    actor, now = actor_of(request), clock.now()
    rows = Postmortem.objects.visible_to(actor).select_related(
        "incident__severity", "incident__team", "owner"
    )
    status, team = request.GET.get("status", ""), request.GET.get("team", "")
    if status in PostmortemStatus.values:
        rows = rows.filter(status=status)
    if team:
        rows = rows.filter(incident__team__slug=team.replace("\0", ""))
    if request.GET.get("owner") == "me":
        rows = rows.filter(owner_id=actor.user_id)
    if request.GET.get("late"):
        rows = rows.filter(
            Q(due_at__lt=now, status__in=UNPUBLISHED) | Q(review_due_at__lt=now, status__in=BEFORE_REVIEW)
        )
    teams = Team.objects.visible_to(actor).filter(incidents__postmortem__isnull=False).distinct()
    context = {
        "page": keyset(rows, request.GET.get("cursor", "")),
        "statuses": PostmortemStatus.choices,
        "may_set_up": actor.manages_any,
        "teams": list(teams.order_by("name").values_list("slug", "name")[:30]),
        "now": now,
        "before_review": BEFORE_REVIEW,
        "filtered": any(request.GET.get(name) for name in ("status", "team", "owner", "late")),
    }
    return render(request, "postmortems/pages/list.html", context)


@login_required
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """One postmortem: sections, action items, review."""
    return page(request, pk)


@login_required
@require_POST
def start(request: HttpRequest, number: int) -> HttpResponse:
    """Start the postmortem of a resolved incident."""
    postmortem = actions.start_postmortem(actor=actor_of(request), incident_number=number)
    return redirect(postmortem.get_absolute_url())


@login_required
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move the document to its next state."""
    postmortem = visible(actor_of(request), pk)
    try:
        actions.set_status(actor=actor_of(request), postmortem_id=pk, status=request.POST.get("status", ""))
    except InvalidInput as error:
        return page(request, pk, status=422, refused=error)
    return redirect(postmortem.get_absolute_url())


@login_required
@require_POST
def naming(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether the acting person appears by name in what is exported."""
    act = actions.name_me if request.POST.get("named") else actions.unname_me
    act(actor=actor_of(request), postmortem_id=pk)
    return redirect(f"/postmortems/{pk}/#naming")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add_item(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the table of a document's action items; POST adds one."""
    postmortem = visible(actor_of(request), pk)
    if request.method != "POST":
        context = {"postmortem": postmortem, "items": items_of(postmortem)}
        return render(request, "postmortems/partials/items_table.html", context)
    form = ItemForm(request.POST, draft=postmortem.status == PostmortemStatus.DRAFT)
    if form.is_valid():
        try:
            actions.create_item(actor=actor_of(request), postmortem_id=pk, **form.values())
        except InvalidInput as error:
            for name, reasons in error.fields.items():
                form.add_error(name if name in form.fields else None, reasons[0])
        else:
            return redirect(f"{postmortem.get_absolute_url()}#items")
    return page(request, pk, status=422, item_form=form)


@login_required
def panel(request: HttpRequest, number: int) -> HttpResponse:
    """The postmortem of an incident, as a panel of its page."""
    actor = actor_of(request)
    incident = Incident.objects.visible_to(actor).filter(number=number).first()
    if incident is None:
        raise NotVisible
    postmortem = Postmortem.objects.filter(incident=incident).select_related("owner").first()
    may_start = (
        postmortem is None
        and incident.status in ("resolved", "in_review", "closed")
        and Incident.objects.allowing(actor, "edit_entry").filter(pk=incident.pk).exists()
    )
    ready = postmortem.sections.filter(state=SectionState.READY).count() if postmortem else 0
    context = {"incident": incident, "postmortem": postmortem, "may_start": may_start, "ready": ready}
    return render(request, "postmortems/partials/panel.html", context)
