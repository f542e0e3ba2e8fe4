"""Django admin of on-call: everything is there, lists are cheap, saves use the actions."""

from __future__ import annotations

import pytest
import time_machine
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from core.errors import Conflict
from oncall.actions.calendars import create_calendar_token
from oncall.actions.overrides import add_override
from oncall.actions.policies import delete_policy
from oncall.actions.runs import start_escalation
from oncall.escalation import engine
from oncall.models import (
    EscalationPolicy,
    EscalationRun,
    ExternalCalendar,
    HandoffNote,
    ImportedShift,
    Leave,
    Schedule,
    Shadow,
    ShiftNotice,
    ShiftPreference,
    ShiftRequest,
)
from teams.models import AuditEntry
from tests.factories import People
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import make_policy, make_service

pytestmark = pytest.mark.django_db
MODELS = list(apps.get_app_config("oncall").get_models())


def furnish(people: People, number: int) -> None:
    schedule = make_schedule(people.team, f"Schedule {number}")
    make_rotation(schedule, [[people.owner.pk]])
    add_override(
        actor=people.actor("owner"),
        schedule_id=schedule.pk,
        user_id=people.owner.pk,
        starts_at=START,
        ends_at=START.replace(day=21),
    )
    policy = make_policy(people.team, (5, [people.owner]), name=f"Policy {number}")
    policy.steps.get().targets.create(type="schedule", schedule=schedule)
    create_calendar_token(actor=people.actor("owner"), schedule_id=schedule.pk)
    start_escalation(
        subject_key=f"test:{number}",
        title="Down",
        body="",
        url_path="/",
        urgency="high",
        policy_id=policy.pk,
        team_id=people.team.pk,
        now=START,
    )
    engine.tick()
    _people_and_calendars(people, schedule)


def _people_and_calendars(people: People, schedule: Schedule) -> None:
    window = {"starts_at": START, "ends_at": START.replace(day=21)}
    calendar = ExternalCalendar.objects.create(purpose="shifts", schedule=schedule, name="Theirs")
    ImportedShift.objects.create(calendar=calendar, user=people.owner, uid="x", **window)
    Leave.objects.create(user=people.owner, **window)
    ShiftRequest.objects.create(schedule=schedule, user=people.owner, offered_to=people.teammate, **window)
    Shadow.objects.create(schedule=schedule, user=people.stranger, follows=people.owner, **window)
    HandoffNote.objects.create(schedule=schedule, author=people.owner, shift_ends_at=START, text="x")
    ShiftNotice.objects.create(user=people.owner, schedule=schedule, kind="begins", mark="x")
    ShiftPreference.objects.get_or_create(user=people.owner)


def test_every_model_is_there_with_a_cheap_searchable_list(people: People) -> None:
    browser = people.browser("admin")
    assert {model for model in MODELS if model in admin.site._registry} == set(MODELS)
    urls = {model: f"/admin/{model._meta.app_label}/{model._meta.model_name}/?q=a" for model in MODELS}

    def counts() -> dict[str, int]:
        found = {}
        for model, url in urls.items():
            browser.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(url).status_code == 200, url
            found[model.__name__] = len(queries)
        return found

    with time_machine.travel(START, tick=False):
        furnish(people, 1)
        one = counts()
        furnish(people, 2)
        furnish(people, 3)
        assert counts() == one
    for model in MODELS:
        row = model.objects.first()
        assert row is not None, model
        assert (
            browser.get(
                f"/admin/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/change/"
            ).status_code
            == 200
        )
    assert (
        browser.get(f"/admin/oncall/escalationrun/{EscalationRun.objects.first().pk}/delete/").status_code
        == 403
    )
    assert browser.get("/admin/oncall/runpage/add/").status_code == 403


def test_saves_go_through_the_actions(people: People) -> None:
    browser = people.browser("admin")
    schedule = make_schedule(people.team)
    answer = browser.post(
        f"/admin/oncall/schedule/{schedule.pk}/change/", {"name": "Renamed", "timezone": "Europe/Rome"}
    )
    assert answer.status_code == 302
    assert Schedule.objects.values_list("name", "timezone").get() == ("Renamed", "Europe/Rome")
    entries = (
        AuditEntry.objects.filter(via="admin")
        .order_by("pk")
        .values_list("verb", "object_type", "actor__name")
    )
    assert list(entries) == [("changed", "schedule", "Ada Admin")]


def test_steps_are_shown_and_changed_elsewhere(people: People) -> None:
    browser = people.browser("admin")
    furnish(people, 1)
    policy = EscalationPolicy.objects.get()
    page = browser.get(f"/admin/oncall/escalationpolicy/{policy.pk}/change/").content.decode()
    assert "Schedule 1" in page
    step = policy.steps.first()
    form = {"policy": policy.pk, "position": 0, "delay_minutes": 99}
    assert browser.post(f"/admin/oncall/policystep/{step.pk}/change/", form).status_code == 403


def test_what_an_action_refuses_stays_and_the_sentence_is_shown(people: People) -> None:
    browser = people.browser("admin")
    policy = make_policy(people.team, (5, [people.owner]))
    free = make_policy(people.team, (5, [people.owner]), name="Free")
    make_service(people.team, "a", escalation_policy=policy)
    with pytest.raises(Conflict) as refused:
        delete_policy(actor=people.actor("admin"), policy_id=policy.pk)
    sentence = escape(refused.value.sentence)
    alone = browser.post(
        f"/admin/oncall/escalationpolicy/{policy.pk}/delete/", {"post": "yes"}, follow=True
    ).content.decode()
    assert sentence in alone
    chosen = {"action": "delete_selected", "_selected_action": [free.pk, policy.pk], "post": "yes"}
    together = browser.post("/admin/oncall/escalationpolicy/", chosen, follow=True).content.decode()
    assert sentence in together
    assert "uccessfully deleted" not in alone + together
    assert EscalationPolicy.objects.count() == 2
