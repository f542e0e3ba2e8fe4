"""Rotation health: the page and its CSV."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import ngettext

from core import clock
from core.errors import NotVisible
from core.pages import actor_of
from oncall.health_figures import COLUMNS, WEEKS, cell, figures
from oncall.rota.health import WeekCount
from oncall.selectors.health import Health, PersonHealth, rotation_health
from teams.models import Team

# Pixels: the tallest bar, the number above it, the date below.
_BARS, _ABOVE, _BELOW = 96, 18, 22


@login_required
def page(request: HttpRequest) -> HttpResponse:
    """`?team=` (a slug) narrows, `?weeks=` is 4 (as for anything unknown), 8 or 12, `?format=csv` downloads."""
    actor = actor_of(request)
    slug, asked = request.GET.get("team", ""), request.GET.get("weeks", "")
    weeks = next((each for each in WEEKS if str(each) == asked), WEEKS[0])
    teams = list(Team.objects.visible_to(actor).filter(schedules__isnull=False).distinct().order_by("name"))
    team = _team(slug, teams, actor) if slug else None
    found = rotation_health(actor, clock.now(), weeks=weeks, team=team)
    if request.GET.get("format") == "csv":
        return _download(found, team)
    kept: dict[str, str | int] = {"team": team.slug} if team else {}
    context: dict[str, Any] = {
        "health": found,
        "people": _with_bars(found.people),
        "trend": _trend(found.trend),
        "trend_height": _ABOVE + _BARS + _BELOW,
        "trend_base": _ABOVE + _BARS,
        "hints": [(row.schedule, hint) for row in found.cover_next for hint in row.hints],
        "shares": [(cause, f"{cause.share:.0%}") for cause in found.causes],
        "teams": [(each.slug, each.name) for each in teams] if len(teams) > 1 else [],
        "windows": [_window(each, each == weeks, kept) for each in WEEKS],
        "csv_url": f"?{urlencode({**kept, 'weeks': weeks, 'format': 'csv'})}",
        "paged": any(week.pages for week in found.trend),
    }
    return render(request, "oncall/pages/health.html", context)


def _team(slug: str, teams: list[Team], actor: Any) -> Team:
    known = next((each for each in teams if each.slug == slug), None)
    team = known or Team.objects.visible_to(actor).filter(slug=slug.replace("\0", "")).first()
    if team is None:
        raise NotVisible
    return team


def _window(weeks: int, active: bool, kept: dict[str, str | int]) -> dict[str, Any]:
    label = ngettext("%(count)d week", "%(count)d weeks", weeks) % {"count": weeks}
    return {"label": label, "url": f"?{urlencode({**kept, 'weeks': weeks})}", "active": active}


@dataclass(frozen=True)
class Bar:
    """A week of the trend: `left` and `width` in percent, heights and tops in pixels of the picture.

    `dated`: its date stands below; beside all of them there is no room on a phone.
    """

    week: WeekCount
    left: str
    night_left: str
    width: str
    middle: str
    night_middle: str
    dated: bool
    base: int
    pages_height: int
    nights_height: int

    @property
    def pages_top(self) -> int:
        return self.base - self.pages_height

    @property
    def nights_top(self) -> int:
        return self.base - self.nights_height


def _trend(weeks: list[WeekCount]) -> list[Bar]:
    most = max((max(week.pages, week.nights) for week in weeks), default=0) or 1
    step = 100 / max(len(weeks), 1)
    bars = []
    for number, week in enumerate(weeks):
        pages, nights = (round(value / most * _BARS) for value in (week.pages, week.nights))
        bars.append(
            Bar(
                week=week,
                left=f"{step * (number + 0.12):.3f}%",
                night_left=f"{step * (number + 0.52):.3f}%",
                width=f"{step * 0.36:.3f}%",
                middle=f"{step * (number + 0.3):.3f}%",
                night_middle=f"{step * (number + 0.7):.3f}%",
                dated=number % max(1, len(weeks) // 4) == 0,
                base=_ABOVE + _BARS,
                pages_height=pages,
                nights_height=nights,
            )
        )
    return bars


def _with_bars(people: list[PersonHealth]) -> list[tuple[PersonHealth, str, str]]:
    """(row, width of its hours, width of its nights), in percent of the longest."""
    hours = max((row.hours for row in people), default=0) or 1
    nights = max((row.nights for row in people), default=0) or 1
    return [(row, f"{row.hours / hours:.1%}", f"{row.nights / nights:.1%}") for row in people]


def _download(found: Health, team: Team | None) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"rotation-health-{team.slug + '-' if team else ''}{found.end:%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    writer.writerow(COLUMNS)
    for row in found.people:
        writer.writerow([cell(value) for value in figures(row).values()])
    return response
