"""Who reads which lines of the audit log."""

from __future__ import annotations

import pytest

from teams.actions.audit import record
from teams.actor import system_actor
from teams.models import AuditEntry
from tests.factories import make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(people):
    """One line about the team, one about another team, one by the stranger, one about nobody's team."""
    AuditEntry.objects.all().delete()
    other = make_team("Identity")
    AuditEntry.objects.all().delete()
    by = system_actor()
    note = {"obj_type": "thing", "obj_id": 1, "label": "it"}
    record(actor=by, verb="in team", team_id=people.team.pk, **note)
    record(actor=by, verb="elsewhere", team_id=other.pk, **note)
    record(actor=people.actor("stranger"), verb="by stranger", **note)
    record(actor=by, verb="of all", **note)


@pytest.mark.parametrize(
    ("who", "verbs"),
    [
        ("admin", ["of all", "by stranger", "elsewhere", "in team"]),
        ("owner", ["in team"]),
        ("teammate", []),
        ("support", []),
        ("stranger", ["by stranger"]),
    ],
)
def test_each_sees_what_concerns_them(people, lines, who, verbs):
    page = people.browser(who).get("/settings/audit/")
    assert [entry.verb for entry, _changes in page.context["entries"]] == verbs


def test_filters_narrow_and_keys_lead_on(people):
    AuditEntry.objects.all().delete()
    for number in range(60):
        record(actor=people.actor("owner"), verb=f"v{number % 2}", obj_type="team", obj_id=number, label="x")
    browser = people.browser("admin")
    first = browser.get("/settings/audit/", {"verb": "v1"}).context
    assert (len(first["entries"]), first["next_cursor"]) == (30, None)
    whole = browser.get("/settings/audit/").context
    assert len(whole["entries"]) == 50
    rest = browser.get("/settings/audit/", {"cursor": whole["next_cursor"]}).context
    assert [entry.object_id for entry, _ in rest["entries"]] == [str(number) for number in range(9, -1, -1)]
    one = browser.get("/settings/audit/", {"object_type": "team", "object_id": "7"}).context
    assert [entry.object_id for entry, _ in one["entries"]] == ["7"]


def test_days_are_days_of_the_reader(people, time_machine):
    AuditEntry.objects.all().delete()
    people.admin.time_zone = "Asia/Tokyo"
    people.admin.save()
    time_machine.move_to("2026-11-01 16:00Z", tick=False)
    record(actor=people.actor("owner"), verb="late", obj_type="team", obj_id=1, label="x")
    browser = people.browser("admin")
    seen = [
        len(browser.get("/settings/audit/", {"since": day, "until": day}).context["entries"])
        for day in ("2026-11-01", "2026-11-02")
    ]
    assert seen == [0, 1]


@pytest.mark.parametrize(
    "query", ["cursor=x", "actor=99999999999999999999", "since=2026-13-01", "verb=%00", "until=9999-12-31"]
)
def test_odd_filters_do_not_break_the_page(people, query):
    assert people.browser("owner").get(f"/settings/audit/?{query}").status_code == 200


def test_text_of_others_is_escaped(people):
    record(actor=people.actor("owner"), verb="made", obj_type="thing", obj_id=1, label="<script>x</script>")
    page = people.browser("admin").get("/settings/audit/").content.decode()
    assert "<script>x" not in page and "&lt;script&gt;x" in page


def test_the_list_costs_the_same_for_one_and_three(people, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser, counts = people.browser("admin"), []
    AuditEntry.objects.all().delete()
    for wanted in (1, 3):
        while AuditEntry.objects.count() < wanted:
            record(
                actor=people.actor("owner"),
                verb="v",
                obj_type="t",
                obj_id=1,
                label="x",
                team_id=people.team.pk,
            )
        with CaptureQueriesContext(
            connection,
        ) as caught:
            browser.get("/settings/audit/")
        counts.append(len(caught))
    assert counts[0] == counts[1]
