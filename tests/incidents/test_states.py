"""Every change of state, allowed and refused."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput, NotAllowed
from incidents import actions
from incidents.choices import TRANSITIONS, IncidentStatus
from incidents.errors import ForbiddenTransition, NotFinished
from incidents.models import Incident
from tests.factories import api_client
from tests.incidents.support import declare, put
from tests.world import make_world

pytestmark = pytest.mark.django_db
S = IncidentStatus
# The incident model, written down a second time: from → to, merging apart.
ALLOWED = {
    "triage": {"investigating", "resolved", "declined"},
    "investigating": {"identified", "monitoring", "declined"},
    "identified": {"investigating", "monitoring"},
    "monitoring": {"investigating", "identified", "resolved"},
    "resolved": {"investigating", "in_review", "closed"},
    "in_review": {"closed", "investigating"},
    "closed": {"in_review"},
    "declined": {"triage", "investigating"},
    "merged": set(),
}


def test_the_table_is_that_of_the_incident_model() -> None:
    table = {str(old): {str(new) for new in row if new != S.MERGED} for old, row in TRANSITIONS.items()}
    mergeable = {str(old) for old, row in TRANSITIONS.items() if S.MERGED in row}
    assert table == ALLOWED
    assert mergeable == {"triage", "investigating", "identified"}


@pytest.mark.parametrize("old", S.values)
def test_every_transition_by_action(old: str) -> None:
    world = make_world()
    manager = world.actor("ada")
    declare(world)
    incident = declare(world)
    outcome = {}
    for new in S.values:
        if new == S.MERGED:
            continue
        put(incident, old)
        rows = incident.timeline.count()
        try:
            after = actions.set_status(actor=manager, number=incident.number, status=new, reason="Because")
        except ForbiddenTransition:
            outcome[new] = "refused"
            assert incident.timeline.count() == rows
        else:
            outcome[new] = "same" if incident.timeline.count() == rows else "changed"
            assert after.status == new
        incident.refresh_from_db()
        assert incident.status == (old if outcome[new] in ("refused", "same") else new)
    expected = {new: "changed" if new in ALLOWED[old] else "refused" for new in S.values if new != S.MERGED}
    assert outcome == {**expected, **({old: "same"} if old != S.MERGED else {})}


def test_merged_is_reached_by_merge_alone() -> None:
    world = make_world()
    incident = declare(world)
    with pytest.raises(InvalidInput) as refused:
        actions.set_status(actor=world.actor("ada"), number=incident.number, status="merged")
    assert list(refused.value.fields) == ["status"]


def test_the_api_says_409_and_200() -> None:
    world = make_world()
    incident = declare(world)
    api = api_client(world.bo)
    url = f"/api/v1/incidents/{incident.number}/set-status/"
    refused = api.post(url, {"status": "closed"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "forbidden_transition")
    rows = incident.timeline.count()
    same = api.post(url, {"status": "investigating"}, format="json")
    assert (same.status_code, same.json()["status"], incident.timeline.count()) == (
        200,
        "investigating",
        rows,
    )


def test_conditions_of_states() -> None:
    world = make_world()
    manager, bo = world.actor("ada"), world.actor("bo")
    incident = declare(world)
    number = incident.number
    with pytest.raises(InvalidInput) as refused:
        actions.set_status(actor=bo, number=number, status="declined", reason="  ")
    assert list(refused.value.fields) == ["reason"]

    actions.set_status(actor=bo, number=number, status="identified", cause_unknown=True)
    incident.refresh_from_db()
    assert (incident.cause_unknown, incident.cause_known_at) == (True, None)
    actions.set_status(actor=bo, number=number, status="monitoring")
    incident.refresh_from_db()
    assert incident.mitigated_at is not None
    actions.set_status(actor=bo, number=number, status="resolved")
    actions.set_severity(actor=bo, number=number, severity=0)
    with pytest.raises(NotFinished):
        actions.set_status(actor=manager, number=number, status="closed")
    actions.set_status(actor=bo, number=number, status="in_review")
    with pytest.raises(NotFinished) as unpublished:
        actions.set_status(actor=manager, number=number, status="closed")
    assert unpublished.value.code == "review_needed"
    actions.set_severity(actor=bo, number=number, severity=3)
    actions.set_status(actor=bo, number=number, status="closed")
    with pytest.raises(NotAllowed):
        actions.set_status(actor=bo, number=number, status="in_review")
    assert actions.set_status(actor=manager, number=number, status="in_review").status == "in_review"


def test_firing_alerts_refuse_until_somebody_answers_for_it() -> None:
    world = make_world()
    incident = declare(world)
    number = incident.number
    actions.set_status(actor=world.actor("bo"), number=number, status="monitoring")
    Incident.objects.filter(pk=incident.pk).update(firing_count=1, alert_count=2)
    url = f"/api/v1/incidents/{number}/resolve/"
    refused = api_client(world.bo).post(url, {}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "alerts_firing")
    assert api_client(world.bo).post(url, {"override_reason": "Noise"}, format="json").status_code == 403
    actions.assign_role(actor=world.actor("bo"), number=number, role="commander", user_id=world.bo.pk)
    done = api_client(world.bo).post(url, {"override_reason": "Noise"}, format="json")
    assert (done.status_code, done.json()["status"]) == (200, "resolved")
    assert incident.timeline.order_by("-seq").first().text == "Noise"
    again = api_client(world.bo).post(url, {}, format="json")
    assert again.status_code == 200


def test_a_reopened_incident_has_no_end() -> None:
    world = make_world()
    incident = put(declare(world), "closed")
    with pytest.raises(ForbiddenTransition):
        actions.reopen(actor=world.actor("ada"), number=incident.number)
    put(incident, "resolved")
    actions.reopen(actor=world.actor("bo"), number=incident.number, reason="Back again")
    incident.refresh_from_db()
    assert (incident.status, incident.resolved_at, incident.closed_at) == ("investigating", None, None)
