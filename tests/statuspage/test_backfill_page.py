"""The form for what is written down afterwards."""

from __future__ import annotations

import pytest

from statuspage.models import Notice, UptimeCorrection
from tests.factories import signed_in
from tests.statuspage.support import make_page, part
from tests.world import make_world

pytestmark = pytest.mark.django_db
URL = "/statuspages/shop/notices/backfill/"


def test_it_is_written_into_the_history_by_managers_alone() -> None:
    world = make_world()
    page = make_page(world)
    web = part(page)
    given = {
        "title": "Orders failed",
        "began_at": "2026-11-10T10:00",
        "ended_at": "2026-11-10T11:00",
        "first_words": "Orders failed.",
        "last_words": "They work again.",
        "impact": "major",
        f"part_{web.public_id}": "major_outage",
    }
    for person, code in ((world.bo, 403), (world.sam, 403), (world.zoe, 403)):
        browser = signed_in(person)
        assert (browser.get(URL).status_code, browser.post(URL, given).status_code) == (code, code)
    ada = signed_in(world.ada)
    wrong = ada.post(URL, given | {"ended_at": "2026-11-10T09:00"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["ended_at"])
    assert Notice.objects.count() == 0
    assert ada.post(URL, given).status_code == 302
    notice = Notice.objects.get()
    assert (notice.title, notice.status, notice.impact, notice.backfilled) == (
        "Orders failed",
        "resolved",
        "major",
        True,
    )
    assert [row.body for row in notice.updates.all()] == ["They work again.", "Orders failed."]
    assert UptimeCorrection.objects.get().component == web
    assert notice.announcements.count() == 0
