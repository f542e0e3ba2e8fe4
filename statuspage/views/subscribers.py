"""Who follows a page: for the managers of its team by name, for everybody else who sees the page as numbers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.errors import DomainError, NotAllowed, NotVisible
from core.pages import actor_of, keyset
from statuspage.actions import subscribers as actions
from statuspage.choices import SubscriberKind, SubscriberState
from statuspage.forms.subscribers import AddForm, ImportForm
from statuspage.models import StatusPage, Subscriber
from statuspage.subscribers import importing as table
from statuspage.subscribers import selectors
from statuspage.subscribers.addresses import told
from statuspage.views.common import frame
from teams.views.base import attach, keep_secret, take_secret

_SHOWN = 100
# A table up to so many bytes goes along with the question whether to store it; a larger file is chosen again.
_RESENT = 900_000
_NEEDS_LOOK = (SubscriberState.QUARANTINED, SubscriberState.BOUNCED)


@login_required
@require_safe
def subscriber_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Newest first; `?address=` finds an address exactly, because addresses are not readable in the database."""
    page = _page(request, slug)
    counts = selectors.counts(page)
    context: dict[str, Any] = frame(request, page, "subscribers/") | {
        "counts": [(SubscriberState(name).label, name, counts[name]) for name in counts],
        "may_manage": actor_of(request).manages(page.team_id),
    }
    if not context["may_manage"]:
        return render(request, "statuspage/pages/subscribers_counts.html", context)
    query = request.GET.get("address", "").replace("\0", "")[:500].strip()
    kinds = [each for each in request.GET.getlist("kind") if each in SubscriberKind.values]
    states = [each for each in request.GET.getlist("state") if each in SubscriberState.values]
    rows = selectors.subscribers(page, kinds=kinds, states=states, address=query)
    found = keyset(rows, request.GET.get("cursor", ""))
    by_kind = selectors.kind_counts(page)
    context |= {
        "found": found,
        "rows": [_line(row) for row in found.rows],
        "asked": bool(query or kinds or states),
        "query": query,
        "kinds": [(name, SubscriberKind(name).label, by_kind[name]) for name in sorted(by_kind)],
        "states": [(name, SubscriberState(name).label, counts[name]) for name in counts if counts[name]],
        "secret": take_secret(request, "subscriber"),
    }
    return render(request, "statuspage/pages/subscribers.html", context)


def _line(row: Subscriber) -> dict[str, Any]:
    """A row of the list: the address opened, and what can be done."""
    return {
        "row": row,
        # Whoever has the address of such a hook may post to its room.
        "address": told(row),
        "parts": [part.name for part in row.components.all()],
        "tone": {"active": "ok", "quarantined": "warn", "bounced": "danger"}.get(row.state, "quiet"),
        "can_ask": row.state == SubscriberState.PENDING,
        "can_resume": row.state in _NEEDS_LOOK,
        "can_sign": row.kind == SubscriberKind.WEBHOOK,
    }


@login_required
def subscriber_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Add one by hand."""
    page = _managed(request, slug)
    form = AddForm(
        request.POST if request.method == "POST" else None, page=page, initial={"language": page.languages[0]}
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            _row, secret = actions.add_subscriber(
                actor=actor_of(request),
                page_id=page.pk,
                kind=data["kind"],
                address=data["address"],
                agreed=data["agreed"],
                **form.chosen(),
            )
        except DomainError as error:
            attach(form, error)
        else:
            if secret:
                keep_secret(request, "subscriber", secret)
            messages.success(request, _("Added."))
            return redirect("statuspage:subscribers", slug)
    context = {"page_": page, "form": form}
    status = 422 if form.errors else 200
    return render(request, "statuspage/pages/subscribers_new.html", context, status=status)


@login_required
@require_POST
def subscriber_action(request: HttpRequest, slug: str, public_id: str, verb: str) -> HttpResponse:
    """What the buttons of a row do; `verb` comes from the address."""
    page, actor = _managed(request, slug), actor_of(request)
    given = {"actor": actor, "page_id": page.pk, "public_id": public_id}
    if verb == "remove":
        actions.remove_subscriber(**given)
        messages.success(request, _("Removed."))
    elif verb == "ask":
        actions.ask_again(**given)
        messages.success(request, _("The mail with the link is on its way."))
    elif verb == "resume":
        actions.revive_subscriber(**given)
        messages.success(request, _("It gets the next message again."))
    else:
        keep_secret(request, "subscriber", actions.new_hook_secret(**given))
    return redirect("statuspage:subscribers", slug)


@login_required
def subscriber_import(request: HttpRequest, slug: str) -> HttpResponse:
    """A table: first what it would do, then all of it or nothing."""
    page, actor = _managed(request, slug), actor_of(request)
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    context: dict[str, Any] = {"page_": page, "form": form}
    if request.method == "POST" and form.is_valid():
        given = {"text": form.cleaned_data["rows"], "agreed": form.cleaned_data["agreed"]}
        try:
            if request.POST.get("op") == "apply":
                plan = table.apply_import(actor=actor, page_id=page.pk, **given)
                text = _("%(active)s active, %(asked)s asked, %(known)s known already.") % plan.counts
                messages.success(request, text)
                return redirect("statuspage:subscribers", slug)
            plan = table.plan_import(actor=actor, page_id=page.pk, **given)
        except DomainError as error:
            attach(form, error)
        else:
            small = len(given["text"].encode()) < _RESENT
            context |= {
                "plan": plan,
                "rows": (plan.faulty or plan.rows)[:_SHOWN],
                "form": ImportForm(initial={"agreed": given["agreed"]}),
                "resent": small and not plan.faulty,
                **given,
            }
    status = 422 if form.errors else 200
    return render(request, "statuspage/pages/subscribers_import.html", context, status=status)


@login_required
@require_safe
def subscriber_export(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """All of them as CSV."""
    page = _managed(request, slug)
    return csv_response(page, table.export(actor=actor_of(request), page_id=page.pk))


def csv_response(page: StatusPage, lines: Any) -> StreamingHttpResponse:
    """A file to keep, never cached."""
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="subscribers-{page.slug}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _page(request: HttpRequest, slug: str) -> StatusPage:
    page: StatusPage | None = StatusPage.objects.visible_to(actor_of(request)).filter(slug=slug).first()
    if page is None:
        raise NotVisible
    return page


def _managed(request: HttpRequest, slug: str) -> StatusPage:
    page = _page(request, slug)
    if not actor_of(request).manages(page.team_id):
        raise NotAllowed("Only a manager of the page's team can see and change its subscribers.")
    return page
