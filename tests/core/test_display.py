"""Times and weeks as each person wants them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from core import display
from core.display import Display
from core.templatetags import _time
from oncall.actions.schedules import create_schedule
from oncall.forms import RotationForm
from teams.models import User
from tests.factories import signed_in
from tests.incidents.support import declare
from tests.world import make_world

AT = dt.datetime(2026, 11, 20, 14, 4, 5, tzinfo=dt.UTC)
US = Display(clock_24h=False, week_starts_monday=False)


@pytest.mark.parametrize(
    ("form", "long", "short"),
    [
        ("time", "15:04", "3:04 PM"),
        ("datetime", "20 Nov 15:04", "20 Nov 3:04 PM"),
        ("date", "20 Nov 2026", "20 Nov 2026"),
        ("relative", "20 Nov 15:04", "20 Nov 3:04 PM"),
    ],
)
def test_every_form_of_when_follows_the_clock_of_the_viewer(form: str, long: str, short: str) -> None:
    with timezone.override("Europe/Berlin"):
        default = _time.when(AT, form)
        with display.override(US):
            own = _time.when(AT, form)
    assert f">{long}<" in default
    assert 'title="Fri 20 Nov 2026 15:04:05 CET · 14:04:05 UTC"' in default
    assert f">{short}<" in own
    assert 'title="Fri 20 Nov 2026 3:04:05 PM CET · 14:04:05 UTC"' in own
    assert f'data-when="{form}"' in own


def test_filters_and_hover_texts_of_clocks() -> None:
    with timezone.override("UTC"), display.override(US):
        assert _time.clock_time(AT) == "2:04 PM"
        assert _time.clock_time(dt.time(0, 30)) == "12:30 AM"
        assert _time.day_time(AT) == "Fri 20 Nov 2:04 PM"
        assert "2:04:05 PM UTC" in _time.clock(AT, AT)
    assert (_time.clock_time(None), _time.day_time(None)) == ("–", "–")
    assert display.current() == Display()


def test_the_week_begins_where_the_viewer_wants() -> None:
    assert [key for key, _label in RotationForm().fields["by_day"].choices][:2] == ["mo", "tu"]  # type: ignore[attr-defined]
    with display.override(US):
        days = [key for key, _label in RotationForm().fields["by_day"].choices]  # type: ignore[attr-defined]
    assert days == ["su", "mo", "tu", "we", "th", "fr", "sa"]


@pytest.mark.django_db
@time_machine.travel("2026-11-20 14:04:05+00:00", tick=False)
def test_pages_of_two_people_differ_in_nothing_else() -> None:
    world = make_world()
    number = declare(world, title="Slow").number
    schedule = create_schedule(
        actor=world.actor("ada"), team_id=world.team.pk, name="Primary", timezone="Europe/Berlin"
    )
    User.objects.filter(pk=world.bo.pk).update(clock_24h=False, week_starts_monday=False)
    ada, bo = signed_in(world.ada), signed_in(world.bo)

    def times(browser: Any, url: str) -> list[str]:
        text = browser.get(url).content.decode()
        return re.findall(r'data-when="time"[^>]*>([^<]+)<', text)

    assert set(times(ada, f"/incidents/{number}/")) == {"14:04"}
    assert set(times(bo, f"/incidents/{number}/")) == {"2:04 PM"}
    quarter = f"/oncall/schedules/{schedule.pk}/?zoom=quarter&day=2026-11-20"
    labels = r'class="board__day"[^>]*>([^<]+)<'
    assert re.findall(labels, ada.get(quarter).content.decode())[0] == "23 Nov"
    assert re.findall(labels, bo.get(quarter).content.decode())[0] == "22 Nov"
    assert 'data-clock="12"' in bo.get("/").content.decode()
    assert 'data-zone="UTC" data-clock="24"' in ada.get("/").content.decode()
