"""Numbers customers watch: what the line shows, when the page takes new values over, and what is let go."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from core import clock, housekeeping
from statuspage import actions
from statuspage.building import publish_due
from statuspage.building.charts import chart
from statuspage.models import Metric, MetricPoint
from statuspage.serving import Store
from tests.statuspage.support import make_page
from tests.world import World, make_world

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def line(*points: tuple[float, float], **fields: Any) -> Any:
    """The chart of values at so many hours before now."""
    metric = Metric(name="Latency", **{"suffix": "ms", **fields})
    return chart(metric, [(NOW - hours * HOUR, value) for hours, value in points], NOW)


def test_what_the_line_says() -> None:
    nothing = line()
    assert (nothing.line, nothing.label) == ("", "No values in the last 24 hours.")
    found = line((23, 10), (22.9, 1234.5), (0, 40), decimals=1)
    assert (found.newest, found.lowest, found.highest) == ("40.0 ms", "10.0 ms", "1,234.5 ms")
    assert found.label == "Now 40.0 ms; between 10.0 ms and 1,234.5 ms in the last 24 hours."
    # Values a moment apart are one line; a gap of half an hour breaks it.
    assert [letter for letter in found.line if letter in "ML"] == ["M", "L", "M"]
    assert found.line.endswith("M600 112.0") is False
    assert found.line.rpartition("M")[2].partition(" ")[0] == "600"
    flat = line((1, 5), (0.99, 5), suffix="")
    assert (flat.newest, flat.lowest, flat.highest) == ("5", "5", "5")
    assert line((1, 0), (0.99, 0)).line
    # What falls into the same five minutes is its mean.
    assert line((1.0, 10), (0.999, 20)).newest == "15 ms"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.mark.django_db
def test_values_reach_the_page_soon_and_go_in_time(world: World, serve: Store) -> None:
    page = make_page(world)
    metric = actions.add_metric(actor=world.actor("ada"), page_id=page.pk, name="Latency <b>", suffix="ms")
    now = clock.now()
    serve.refresh()
    before = serve.pages["shop"].page.version
    old = [(now - dt.timedelta(days=29, hours=20), 7.0)]
    given = [(now - HOUR, 41.0), (now - HOUR, 42.0), *old]
    assert actions.push_points(actor=world.actor("bo"), metric_id=metric.pk, points=given, now=now) == 2
    assert actions.push_points(actor=world.actor("bo"), metric_id=metric.pk, points=given[:1], now=now) == 1
    serve.refresh()
    assert serve.pages["shop"].page.version == before
    assert publish_due(now + dt.timedelta(seconds=29)) == 0
    assert publish_due(now + dt.timedelta(seconds=31)) == 1
    serve.refresh()
    text = serve.pages["shop"].files["index.html"].body.decode()
    assert "Latency &lt;b&gt;" in text
    assert "Now 41 ms" in text
    Metric.objects.update(shown=False)
    actions.set_page(actor=world.actor("ada"), page_id=page.pk, settings=actions.PageSettings(name="Store"))
    serve.refresh()
    assert "Latency" not in serve.pages["shop"].files["index.html"].body.decode()
    housekeeping.run(now + dt.timedelta(days=1))
    assert list(MetricPoint.objects.values_list("value", flat=True)) == [41.0]
    assert actions.remove_metric(actor=world.actor("ada"), metric_id=metric.pk) is None
    assert MetricPoint.objects.count() == 0
