"""Uptime as it is shown: the same figure on the public page, in the table of months, on the manage side and in the
API."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine

from statuspage import actions
from statuspage.actions import PageSettings
from statuspage.models import ComponentInterval
from statuspage.serving import Store
from tests.factories import api_client, signed_in
from tests.statuspage.support import make_page, part
from tests.world import make_world

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR


@time_machine.travel(NOW, tick=False)
def test_one_figure_everywhere(serve: Store) -> None:
    world = make_world()
    page = make_page(world, parts=("Website", "Search", "Hidden", "Young"))
    ada, web = world.actor("ada"), part(page)
    ComponentInterval.objects.update(since=NOW - 95 * DAY)
    # Ninety days of the page's calendar: 89 whole ones and half of today, less an hour of planned work.
    for hours, status in ((48, "major_outage"), (24, "partial_outage"), (20, "under_maintenance")):
        since = NOW - hours * HOUR
        actions.correct_uptime(
            actor=ada,
            component_id=web.pk,
            since=since,
            until=since + HOUR,
            status=status,
            reason="Known",
            now=NOW,
        )
    actions.edit_component(actor=ada, component_id=part(page, "Hidden").pk, showcase=False)
    actions.edit_component(actor=ada, component_id=part(page, "Young").pk, start_date=dt.date(2026, 11, 21))
    lost, judged = 1.3, 89 * 24 + 12 - 1
    share = f"{int((1 - lost / judged) * 10_000) / 100:.2f} %"
    assert share == "99.93 %"
    serve.refresh()
    home = serve.pages["shop"].files["index.html"].body.decode()
    assert home.count(f"{share} uptime over 90 days, 3 days with trouble") == 0
    assert f"Website: {share} uptime over 90 days, 2 days with trouble." in home
    assert "Search: 100 % uptime over 90 days, 0 days with trouble." in home
    assert "Hidden: " not in home
    assert "Young: Nothing is known yet about the last 90 days." in home
    troubles = re.findall(r'<li data-back="(\d+)"><time datetime="([^"]+)">.*?</time> (.*?)</li>', home)
    assert troubles == [
        ("1", "2026-11-19", "Partial outage 1 h, Under maintenance 1 h"),
        ("2", "2026-11-18", "Major outage 1 h"),
    ]
    # Of November nineteen days and a half are known.
    month = f"{int((1 - lost / (19 * 24 + 12 - 1)) * 10_000) / 100:.2f} %"
    table = serve.pages["shop"].files["uptime/index.html"].body.decode()
    cells = re.findall(
        r"<td>(.*?)</td>", table.partition('<th scope="row">Website</th>')[2].partition("</tr>")[0]
    )
    assert (len(cells), cells[:2], cells[-1]) == (12, [month, "100 %"], "–")
    assert "Hidden" not in table
    inside = signed_in(world.bo).get("/statuspages/shop/figures/").content.decode()
    assert f'<span class="mono">{share}</span>' in inside
    rows = api_client(world.bo).get("/api/v1/status-pages/shop/uptime/").json()["results"]
    assert rows[0]["uptime"] == pytest.approx(1 - lost / judged)
    assert rows[0]["days"][-2]["seconds"]["partial_outage"] == 3600
    # From the day on that it counts from, here as there.
    assert (rows[3]["uptime"], inside.count('<span class="mono">–</span>')) == (None, 1)
    assert [day["date"] for day in rows[0]["days"]][::89] == ["2026-08-23", "2026-11-20"]

    actions.set_page(actor=ada, page_id=page.pk, settings=PageSettings(shows_uptime=False))
    serve.refresh()
    home = serve.pages["shop"].files["index.html"].body.decode()
    assert "uptime over" not in home
    assert 'href="./uptime/"' not in home
