"""Insights: the page, each figure by itself (page, part or CSV), and what is behind a number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.errors import NotVisible
from core.pages import actor_of, keyset, wants_part
from core.templatetags._time import words
from incidents.selectors import for_list, severity_levels
from services.models import Service
from teams.models import Team
from web.insights import charts, tables
from web.insights.behind import behind, cell_of
from web.insights.durations import summary
from web.insights.exports import as_csv
from web.insights.figures import BY_KEY, FIGURES
from web.insights.learning import items_behind
from web.insights.scope import DAYS, Scope, read
from web.insights.shapes import Figure, Found, Question

LIST_ROWS = 25
# Drawn at once; the rest when it comes into view.
AT_ONCE = 1
_STATS = ("acknowledge", "mitigate", "resolve", "detect", "learn")


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """All figures: the first with the page, the others one by one as they come into view."""
    question = _question(request)
    told = summary(question)
    context: dict[str, Any] = _frame(question) | {"incidents": told["incidents"]}
    context["stats"] = [
        {"label": BY_KEY[key].title, "value": words(told[key]), "url": f"#{key}"} for key in _STATS
    ]
    context["parts"] = [_shown(figure, question) for figure in FIGURES[:AT_ONCE]] if told["incidents"] else []
    rest = (
        FIGURES[AT_ONCE:]
        if told["incidents"]
        else [each for each in FIGURES if each.more or each.key == "items"]
    )
    context["later"] = [{"figure": figure, "url": _url(figure, question.scope)} for figure in rest]
    return render(request, "web/insights/overview.html", context)


@login_required
def figure_page(request: HttpRequest, key: str) -> HttpResponse | StreamingHttpResponse:
    """One figure: a part for htmx, else a page; `?format=csv` downloads it."""
    figure, question = _figure(key), _question(request)
    if request.GET.get("format") == "csv":
        scope = question.scope
        response = StreamingHttpResponse(
            as_csv(figure.find(question)), content_type="text/csv; charset=utf-8"
        )
        name = f"insights-{figure.key}-{scope.first:%Y-%m-%d}-{scope.last:%Y-%m-%d}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    part = _shown(figure, question)
    if wants_part(request):
        return render(request, "web/insights/figure.html", {"part": part})
    return render(request, "web/insights/page.html", _frame(question, figure) | {"part": part})


@login_required
def behind_page(request: HttpRequest, key: str) -> HttpResponse:
    """The incidents (for action items: the items) that a number counts."""
    figure, question = _figure(key), _question(request)
    cell = cell_of(request.GET)
    cursor = request.GET.get("cursor", "")
    context: dict[str, Any] = {
        "figure": figure,
        "scope": question.scope,
        "back_url": _url(figure, question.scope),
        "range": _range_text(question.scope),
    }
    if figure.key == "items":
        rows = items_behind(question, cell).select_related("owner", "team")
        context["items"] = keyset(rows, cursor, size=LIST_ROWS)
    else:
        counted = behind(question, figure.key, cell).values("pk")
        context["page"] = keyset(
            for_list(question.actor).filter(pk__in=counted), cursor, field="number", size=LIST_ROWS
        )
    return render(request, "web/insights/behind.html", context)


def _figure(key: str) -> Figure:
    if key not in BY_KEY:
        raise NotVisible
    return BY_KEY[key]


def _question(request: HttpRequest) -> Question:
    now = clock.now()
    zone = request.user.zone  # type: ignore[union-attr]
    return Question(actor_of(request), read(request.GET, now, zone)[0], now)


def _url(figure: Figure, scope: Scope, **more: str) -> str:
    return f"/insights/{figure.key}/?{scope.query(**more)}"


def _frame(question: Question, figure: Figure | None = None) -> dict[str, Any]:
    """The head of the page: ranges and filters, with what is chosen."""
    scope, actor = question.scope, question.actor
    ranges = [
        {
            "label": ngettext("%(days)d day", "%(days)d days", days) % {"days": days},
            "url": f"?{replace(scope, days=days).query()}",
            "active": scope.days == days,
        }
        for days in DAYS
    ]
    return {
        "scope": scope,
        "ranges": ranges,
        "range": _range_text(scope),
        "severities": [(row.rank, f"Sev-{row.rank}") for row in severity_levels()],
        "teams": Team.objects.visible_to(actor).order_by("name").values_list("slug", "name"),
        "services": Service.objects.visible_to(actor).order_by("name").values_list("slug", "name"),
        "figure": figure,
        "all_url": f"/insights/?{scope.query()}",
    }


def _range_text(scope: Scope) -> str:
    first, last = (tables.text_of(day, "day") for day in (scope.first, scope.last))
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


def _shown(figure: Figure, question: Question) -> dict[str, Any]:
    """What the template of a figure draws."""
    found, scope = figure.find(question), question.scope
    part: dict[str, Any] = {
        "figure": figure,
        "found": found,
        "own_url": _url(figure, scope),
        "csv_url": _url(figure, scope, format="csv"),
        "none": figure.none or _("No incident in this range: nothing to learn from yet."),
        "look": f"web/insights/look_{figure.look}.html",
    }
    return part | _picture(figure, found, scope)


def _picture(figure: Figure, found: Found, scope: Scope) -> dict[str, Any]:
    if figure.look == "durations":
        return {
            "chart": charts.duration_chart(found, scope),
            "severities": [(rank, tables.severity_text(rank)) for rank in tables.severities_of(found)],
            "rows": tables.lengths(figure, found, scope),
        }
    if figure.look == "heat":
        name = "weekday" if figure.key == "hours" else "service"
        rows = charts.heat(found, name)
        return {
            "heat": [_linked(figure, row, scope) for row in rows],
            "first_column": found.columns[0].label,
            "left_out": len({row.values[name] for row in found.rows}) - len(rows) if name == "service" else 0,
            "hours": range(24),
        }
    picture: dict[str, Any] = {"rows": tables.table(figure, found, scope)}
    if figure.look == "weeks":
        picture["weeks"] = charts.week_chart(found)
    return picture


def _linked(figure: Figure, row: charts.HeatRow, scope: Scope) -> dict[str, Any]:
    cells = [(cell, tables.behind_url(figure, scope, cell.link) if cell.count else "") for cell in row.cells]
    total = tables.behind_url(figure, scope, row.link) if row.total else ""
    return {"label": row.label, "total": row.total, "url": total, "cells": cells}
