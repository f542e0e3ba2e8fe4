"""Custom fields, named times and the end of an incident."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from core.errors import Conflict, InvalidInput, NotAllowed
from incidents import actions, details
from incidents.actions.times import ORDER, TIMES
from incidents.errors import ChangedMeanwhile, NotFinished
from incidents.models import CustomField, Incident, IncidentFeedback, IncidentType
from teams.models import AuditEntry
from tests.factories import api_client, signed_in
from tests.incidents.support import START, declare, put
from tests.world import make_world

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def make_field(key: str, kind: str, **fields: Any) -> CustomField:
    return CustomField.objects.create(key=key, label=key.title(), kind=kind, **fields)


GOOD: list[tuple[str, Any, Any]] = [
    ("text", "  one\n line ", "one line"),
    ("long_text", "two\nlines\n", "two\nlines"),
    ("number", "12.50", 12.5),
    ("number", 7, 7),
    ("choice", "b", "b"),
    ("choices", ["a", "b", "a"], ["a", "b"]),
    ("yes_no", "no", False),
    ("yes_no", True, True),
    ("moment", "2026-11-01T09:30:00+02:00", "2026-11-01T07:30:00+00:00"),
    ("link", "https://status.example.com/x?y=1", "https://status.example.com/x?y=1"),
    ("text", "", None),
    ("choices", [], None),
]
BAD: list[tuple[str, Any]] = [
    ("text", 5),
    ("text", "x" * 301),
    ("number", "many"),
    ("number", "nan"),
    ("number", "1e400"),
    ("number", True),
    ("number", {}),
    ("choice", "z"),
    ("choice", ["a"]),
    ("choices", ["a", "z"]),
    ("yes_no", "perhaps"),
    ("yes_no", 3),
    ("moment", "2026-11-01 09:30"),
    ("moment", "2026-02-30T09:30:00Z"),
    ("moment", "0001-01-01T00:00:00+14:00"),
    ("moment", ["x"]),
    ("link", "javascript:alert(1)"),
    ("link", "ftp://example.com"),
    ("person", "ada"),
    ("person", 10**30),
    ("person", 99999),
]


@pytest.mark.parametrize(("kind", "value", "stored"), GOOD)
def test_what_counts_as_an_answer(kind: str, value: Any, stored: Any) -> None:
    world = make_world()
    make_field("f", kind, options=["a", "b"])
    number = declare(world).number
    actions.set_fields(actor=world.actor("bo"), number=number, answers={"f": value})
    assert Incident.objects.get(number=number).fields == ({} if stored is None else {"f": stored})


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_what_does_not(kind: str, value: Any) -> None:
    world = make_world()
    make_field("f", kind, options=["a", "b"])
    number = declare(world).number
    answer = api_client(world.bo).post(
        f"/api/v1/incidents/{number}/set-fields/",
        {"fields": {"who_is_affected": "All", "f": value}},
        format="json",
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["fields.f"])
    assert Incident.objects.get(number=number).fields == {}


def test_fields_are_asked_by_type_rank_and_answer() -> None:
    world = make_world()
    make_field("grave", "text", shown_to_rank=1)
    first = make_field("first", "yes_no")
    make_field("then", "text", shown_field=first, shown_values=["yes"])
    number = declare(world).number

    def asked() -> set[str]:
        rows = details.asked(details.definitions(), Incident.objects.get(number=number))
        return {row.key for row in rows} & {"grave", "first", "then", "vendor_case", "people_concerned"}

    bo = world.actor("bo")
    assert asked() == {"first"}
    actions.set_severity(actor=bo, number=number, severity=1)
    actions.set_type(actor=bo, number=number, type_key="vendor")
    actions.set_fields(actor=bo, number=number, answers={"first": "yes"})
    assert asked() == {"first", "grave", "then", "vendor_case"}
    actions.set_fields(actor=bo, number=number, answers={"information_compromised": ["Personal data"]})
    assert "people_concerned" in asked()
    actions.set_fields(actor=bo, number=number, answers={"first": "no", "information_compromised": None})
    assert asked() == {"first", "grave", "vendor_case"}


def test_a_required_answer_is_waited_for_in_that_state_alone() -> None:
    world = make_world()
    make_field("cause", "text", required_for="resolved")
    make_field("vendor", "text", required_for="resolved").types.add(IncidentType.objects.get(key="vendor"))
    bo, number = world.actor("bo"), declare(world).number
    actions.set_status(actor=bo, number=number, status="monitoring")
    with pytest.raises(NotFinished) as refused:
        actions.resolve(actor=bo, number=number)
    assert (refused.value.code, refused.value.sentence) == ("field_missing", "“Cause” is not answered.")
    actions.resolve_with(actor=bo, number=number, answers={"cause": "A full disk"}, workaround="")
    assert Incident.objects.get(number=number).status == "resolved"


def test_two_people_on_one_answer_lose_no_word() -> None:
    world = make_world()
    number = declare(world).number
    key = "who_is_affected"
    actions.set_fields(
        actor=world.actor("ada"), number=number, answers={key: "Shops in Spain"}, base={key: None}
    )
    with pytest.raises(ChangedMeanwhile) as refused:
        actions.set_fields(
            actor=world.actor("bo"), number=number, answers={key: "Everybody"}, base={key: None}
        )
    assert refused.value.fields == {f"fields.{key}": ["Shops in Spain"]}
    browser, url = signed_in(world.bo), f"/incidents/{number}/details/"
    shown = browser.post(url, {f"f_{key}": "Everybody", f"base_{key}": ""})
    page = shown.content.decode()
    assert shown.status_code == 409
    assert "Meanwhile somebody wrote: Shops in Spain" in page
    assert "Everybody</textarea>" in page
    again = browser.post(url, {f"f_{key}": "Everybody, first in Spain", f"base_{key}": "Shops in Spain"})
    assert again.status_code == 302
    assert Incident.objects.get(number=number).fields == {key: "Everybody, first in Spain"}


def test_answers_somebody_else_gave_stay_when_others_are_written() -> None:
    world = make_world()
    number = declare(world).number
    browser, url = signed_in(world.bo), f"/incidents/{number}/details/"
    actions.set_fields(actor=world.actor("ada"), number=number, answers={"mitigation_under_way": "Rollback"})
    sent = {
        "f_who_is_affected": "All",
        "base_who_is_affected": "",
        "f_mitigation_under_way": "",
        "base_mitigation_under_way": "",
    }
    assert browser.post(url, sent).status_code == 409, "an untouched old form would have emptied it"
    stored = {"mitigation_under_way": "Rollback"}
    assert Incident.objects.get(number=number).fields == stored


def test_named_times_keep_their_order_and_their_past() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False):
        number = declare(world).number
        bo = world.actor("bo")
        times = {"impact_started": START - 2 * HOUR, "detected": START - HOUR}
        actions.set_times(actor=bo, number=number, times=times, reason="Log says so")
        actions.set_times(actor=bo, number=number, times=times)
        incident = Incident.objects.get(number=number)
        assert (incident.impact_started_at, incident.detected_at) == (START - 2 * HOUR, START - HOUR)
        wrong = (
            ({"detected": START - 3 * HOUR}, {"times.detected": ["That is before “impact started”."]}),
            ({"mitigated": START - 3 * HOUR}, {"times.mitigated": ["That is before “impact started”."]}),
            ({"resolved": START + HOUR}, {"times.resolved": ["That is in the future."]}),
            ({"impact_started": START}, {"times.impact_started": ["That is after “detected”."]}),
            ({"lunch": START}, {"times.lunch": [f"One of {', '.join(TIMES)}."]}),
        )
        for values, fields in wrong:
            with pytest.raises(InvalidInput) as refused:
                actions.set_times(actor=bo, number=number, times=values)
            assert refused.value.fields == fields
    change = {"name": "impact_started", "old": None, "new": (START - 2 * HOUR).isoformat()}
    assert incident.timeline.get(kind="times").data["changes"][0] == change
    entry = AuditEntry.objects.get(verb="times corrected")
    assert (entry.object_id, entry.data["changes"][0], entry.data["reason"]) == (
        str(number),
        change,
        "Log says so",
    )


@pytest.mark.parametrize(("earlier", "later"), ORDER)
def test_every_pair_of_times_is_checked(earlier: str, later: str) -> None:
    world = make_world()
    incident = put(declare(world), "triage")
    Incident.objects.filter(pk=incident.pk).update(detected_at=None, declared_at=None)
    times = {earlier: START + HOUR, later: START}
    with pytest.raises(InvalidInput) as refused:
        actions.set_times(actor=world.actor("bo"), number=incident.number, times=times)
    assert f"times.{later}" in refused.value.fields
    actions.set_times(actor=world.actor("bo"), number=incident.number, times={earlier: START, later: START})


def test_a_closed_incident_is_corrected_by_managers_and_keeps_its_end() -> None:
    world = make_world()
    incident = put(declare(world), "closed")
    with pytest.raises(NotAllowed):
        actions.set_times(
            actor=world.actor("bo"), number=incident.number, times={"verified": None, "detected": None}
        )
    with pytest.raises(InvalidInput):
        actions.set_times(actor=world.actor("ada"), number=incident.number, times={"resolved": None})
    done = actions.set_times(actor=world.actor("ada"), number=incident.number, times={"detected": None})
    assert done.detected_at is None


def test_the_times_dialog_leaves_seconds_alone() -> None:
    world = make_world()
    with time_machine.travel(START + dt.timedelta(seconds=42), tick=False):
        incident = declare(world)
        url = f"/incidents/{incident.number}/times/"
        browser = signed_in(world.bo)
        page = browser.get(url)
        form = page.context["form"]
        sent = {name: form[name].value().strftime("%Y-%m-%dT%H:%M") for name in TIMES if form[name].value()}
        browser.post(url, sent | {"impact_started": "2026-11-20T02:00", "reason": ""})
    incident.refresh_from_db()
    assert incident.detected_at == START + dt.timedelta(seconds=42)
    assert [row["name"] for row in incident.timeline.get(kind="times").data["changes"]] == ["impact_started"]


def test_the_end_in_one_dialog() -> None:
    world = make_world()
    incident = declare(world)
    actions.set_status(actor=world.actor("bo"), number=incident.number, status="monitoring")
    browser, url = signed_in(world.bo), f"/incidents/{incident.number}/resolve/"
    assert "Nothing is in the way" in browser.get(url).content.decode()
    sent = {
        "f_root_cause": "A certificate ran out",
        "base_root_cause": "",
        "f_steps_taken": "New certificate",
        "base_steps_taken": "",
        "workaround": "",
        "override_reason": "",
    }
    assert browser.post(url, sent).status_code == 302
    incident.refresh_from_db()
    assert incident.status == "resolved"
    assert incident.fields == {"root_cause": "A certificate ran out", "steps_taken": "New certificate"}


def test_a_refused_end_keeps_nothing_half_done() -> None:
    world = make_world()
    incident = declare(world)
    actions.add_criterion(actor=world.actor("bo"), number=incident.number, text="Orders flow")
    actions.set_status(actor=world.actor("bo"), number=incident.number, status="monitoring")
    sent = {
        "f_root_cause": "A",
        "base_root_cause": "",
        "f_steps_taken": "",
        "base_steps_taken": "",
        "workaround": "B",
    }
    answer = signed_in(world.bo).post(f"/incidents/{incident.number}/resolve/", sent)
    page = answer.content.decode()
    assert (answer.status_code, "“Orders flow” does not hold" in page, "A</textarea>" in page) == (
        409,
        True,
        True,
    )
    incident.refresh_from_db()
    assert (incident.status, incident.fields, incident.workaround) == ("monitoring", {}, "")


def test_feedback_is_asked_at_the_end_and_may_be_anonymous() -> None:
    world = make_world()
    incident = declare(world)
    bo = world.actor("bo")
    with pytest.raises(Conflict):
        actions.give_feedback(actor=bo, number=incident.number, rating=4)
    actions.resolve(actor=world.actor("ada"), number=incident.number, override_reason="Done")
    for wrong in ({"rating": 6}, {}, {"went_well": "  "}):
        with pytest.raises(InvalidInput):
            actions.give_feedback(actor=bo, number=incident.number, **wrong)  # type: ignore[arg-type]  # wrong on purpose
    actions.give_feedback(
        actor=bo, number=incident.number, rating=4, was_hard="Nobody knew the vendor's number"
    )
    actions.give_feedback(
        actor=bo, number=incident.number, rating=2, was_hard="Nobody had the number", anonymous=True
    )
    row = IncidentFeedback.objects.get()
    assert (row.rating, row.anonymous) == (2, True)
    page = signed_in(world.ada).get(f"/incidents/{incident.number}/fragment/known/").content.decode()
    assert "Nobody had the number" in page
    assert "Somebody who took part" in page
    for who in ("sam", "zoe"):
        others = signed_in(getattr(world, who)).get(f"/incidents/{incident.number}/fragment/known/")
        assert (others.status_code, "Nobody had the number" in others.content.decode()) == (200, False)
    assert ">Bo<" not in page


def test_identified_asks_for_the_cause_or_that_it_is_unknown() -> None:
    world = make_world()
    incident = declare(world)
    browser, url = signed_in(world.bo), f"/incidents/{incident.number}/status/"
    refused = browser.post(url, {"status": "identified", "reason": "", "cause": ""})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["cause"])
    assert browser.post(url, {"status": "identified", "cause": "A full disk"}).status_code == 302
    incident.refresh_from_db()
    cause = incident.causes.get()
    assert (incident.status, cause.text, cause.state) == ("identified", "A full disk", "confirmed")
    assert incident.cause_known_at is not None
    actions.set_status(actor=world.actor("bo"), number=incident.number, status="investigating")
    assert browser.post(url, {"status": "identified", "cause": ""}).status_code == 302, "confirmed before"
    other = declare(world)
    url = f"/incidents/{other.number}/status/"
    assert browser.post(url, {"status": "identified", "cause_unknown": "on"}).status_code == 302
    other.refresh_from_db()
    assert (other.status, other.cause_unknown, other.causes.count()) == ("identified", True, 0)
