"""Action items as board, list and by team; a new one; the calendar."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import DomainError, NotVisible
from core.pages import actor_of
from incidents.models import Incident
from oncall.actions.calendars import create_calendar_token
from oncall.feeds import token_by_secret
from postmortems import actions
from postmortems.choices import ItemClass, ItemPriority, ItemStatus, PostmortemStatus
from postmortems.forms.items import ItemFullForm
from postmortems.items.calendar import feed
from postmortems.items.workdays import zone_of
from postmortems.models import ActionItem, Postmortem
from postmortems.selectors import items as selectors
from teams.actor import Actor, actor_for
from teams.models import Team, User
from teams.selectors import saved_views
from teams.views.base import applied

VIEWS = ("board", "list", "teams")
FILTERS = ("team", "owner", "class", "status", "priority")
_TITLES = {
    "overdue": (gettext_lazy("Overdue"), "clock-alert"),
    "this_week": (gettext_lazy("This week"), "calendar-days"),
    "next_week": (gettext_lazy("Next week"), "calendar-days"),
    "later": (gettext_lazy("Later"), "calendar-days"),
    "undated": (gettext_lazy("Without a date"), "circle-help"),
    "closed": (gettext_lazy("Closed"), "circle-check"),
}


@login_required
@require_safe
def item_list(request: HttpRequest) -> HttpResponse:
    """Board by due week; `?view=list` or `teams`. The filters stay in the address."""
    actor, today = actor_of(request), today_of(request)
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "board"
    asked = {name: request.GET.getlist(name)[:20] for name in FILTERS}
    rows = selectors.filtered(actor, asked)
    context: dict[str, Any] = {
        "view": view,
        "today": today,
        "filters": _facets(actor, asked),
        "tabs": _tabs(request, view),
        "saved": saved_views(actor, "action-items", request.META.get("QUERY_STRING", "")),
        "filtering": any(asked.values()),
    }
    if view == "board":
        columns = selectors.board(rows, today)
        context["columns"] = [(column, *_TITLES[column.key]) for column in columns]
        context["empty"] = not any(column.items for column in columns)
    elif view == "list":
        context |= _page(rows, request)
    else:
        context["teams"] = selectors.by_team(rows, today)
    return render(request, "postmortems/pages/items.html", context)


@login_required
def new_item(request: HttpRequest) -> HttpResponse:
    """A new item of `?postmortem=<id>` or `?incident=<number>`."""
    actor = actor_of(request)
    postmortem, number = _origin(actor, request)
    draft = postmortem is not None and postmortem.status == PostmortemStatus.DRAFT
    form = ItemFullForm(request.POST or None, actor=actor, draft=draft, initial={"owner": request.user.pk})
    if request.method == "POST":
        made = applied(
            form,
            lambda _data: actions.create_item(
                actor=actor,
                postmortem_id=postmortem.pk if postmortem else None,
                incident_number=None if postmortem else number,
                **form.values(),
            ),
        )
        if made is not None:
            messages.success(request, _("The action item is made."))
            return redirect(made.get_absolute_url())
    back = postmortem.get_absolute_url() if postmortem else f"/incidents/{number}/"
    context = {"form": form, "number": number, "postmortem": postmortem, "back": back}
    status = 422 if form.errors else 200
    return render(request, "postmortems/pages/item_form.html", context, status=status)


@require_safe
def calendar_feed(request: HttpRequest) -> HttpResponse:
    """One's own open items: by the secret of a personal calendar link, or signed in. Answers with an ETag."""
    secret = request.GET.get("token", "")
    if secret:
        token = token_by_secret(secret)
        if token is None or token.schedule_id is not None:
            raise NotVisible
        actor = actor_for(token.user, via="calendar")
    elif request.user.is_authenticated:
        actor = actor_of(request)
    else:
        raise NotVisible
    text, mark = feed(actor)
    if request.headers.get("If-None-Match") == mark:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="action-items.ics"'
    response["ETag"] = mark
    response["Cache-Control"] = "private, max-age=300"
    return response


@login_required
@require_POST
def calendar_link(request: HttpRequest) -> HttpResponse:
    """A new personal calendar link, shown this once."""
    try:
        _token, secret = create_calendar_token(actor=actor_of(request))
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect("postmortems:items")
    response = render(
        request,
        "postmortems/pages/items_calendar.html",
        {"link": f"{settings.BASE_URL}/action-items.ics?token={secret}"},
    )
    response["Cache-Control"] = "no-store"
    return response


def today_of(request: HttpRequest) -> dt.date:
    """The date where the reader lives."""
    user = request.user if isinstance(request.user, User) else None
    return clock.now().astimezone(zone_of(user)).date()


def _origin(actor: Actor, request: HttpRequest) -> tuple[Postmortem | None, int]:
    """What the item comes from, seen by the actor; a 404 otherwise."""
    word, number = request.GET.get("postmortem", ""), request.GET.get("incident", "")
    if word:
        rows = Postmortem.objects.visible_to(actor).select_related("incident")
        postmortem: Postmortem | None = rows.filter(pk=_whole(word)).first()
        if postmortem is None:
            raise NotVisible
        return postmortem, postmortem.incident.number
    found = Incident.objects.visible_to(actor).filter(number=_whole(number, 10)).first()
    if found is None:
        raise NotVisible
    return None, found.number


def _whole(word: str, digits: int = 19) -> int:
    return int(word) if word.isascii() and word.isdigit() and len(word) < digits else 0


def _page(rows: QuerySet[ActionItem], request: HttpRequest) -> dict[str, Any]:
    """A page by due date and id; `?sort=-due_on` turns it round. What has no date comes last."""
    down = request.GET.get("sort") == "-due_on"
    found, further = selectors.by_due(rows, request.GET.get("cursor", ""), down=down)
    return {"items": found, "further": further, "first": "cursor" in request.GET, "empty": not found}


def _tabs(request: HttpRequest, view: str) -> list[dict[str, Any]]:
    labels = {"board": _("Board"), "list": _("List"), "teams": _("Teams")}
    icons = {"board": "layers", "list": "list", "teams": "users"}
    tabs = []
    for name in VIEWS:
        query = request.GET.copy()
        for key in ("cursor", "sort", "view"):
            query.pop(key, None)
        if name != "board":
            query["view"] = name
        address = f"/action-items/?{query.urlencode()}" if query else "/action-items/"
        tabs.append({"label": labels[name], "url": address, "active": name == view, "icon": icons[name]})
    return tabs


def _facets(actor: Actor, asked: dict[str, list[str]]) -> dict[str, list[tuple[str, Any]]]:
    """The choices of each filter; teams that have items, and people who are asked for."""
    used = ActionItem.objects.visible_to(actor).order_by().values("team_id").distinct()
    teams = [(team.slug, team.name) for team in Team.objects.filter(pk__in=used).order_by("name")[:30]]
    ids = [int(word) for word in asked["owner"] if word.isascii() and word.isdigit() and len(word) < 19]
    people = [(str(user.pk), user.name) for user in User.objects.filter(pk__in=ids)] if ids else []
    extra = [("asked", _("Drop asked for")), ("all", _("All"))]
    return {
        "team": teams,
        "owner": [("me", _("Mine")), *people],
        "class": list(ItemClass.choices),
        "status": [*ItemStatus.choices, *extra],
        "priority": list(ItemPriority.choices),
    }
