"""The stored form of a policy: round trip and typed refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncall.escalation.snapshot import (
    HOURS,
    PICKS,
    SERVING,
    TARGET_TYPES,
    URGENCIES,
    PolicySnapshot,
    SnapshotError,
    Step,
    Target,
)

TARGETS = st.builds(
    Target, st.sampled_from(TARGET_TYPES), st.integers(1, 2**63), serving=st.sampled_from(SERVING)
)
STEPS = st.builds(
    Step,
    st.integers(0, 10080),
    st.lists(TARGETS, max_size=3).map(tuple),
    pick=st.sampled_from(PICKS),
    turn=st.integers(0, 99),
    urgency=st.sampled_from(URGENCIES),
    severities=st.lists(st.integers(0, 4), max_size=5, unique=True).map(tuple),
    hours=st.sampled_from(HOURS),
    backup=st.none() | st.integers(1, 2**63),
    is_backup=st.booleans(),
    number=st.integers(0, 100),
)
POLICIES = st.builds(
    PolicySnapshot,
    st.text(),
    st.lists(STEPS, max_size=3).map(tuple),
    st.integers(0, 100),
    st.booleans(),
    st.none() | st.integers(1, 10080),
)

STORED = {
    "version": 2,
    "name": "Core",
    "repeat": 2,
    "hold_low": False,
    "acknowledge_timeout_minutes": None,
    "steps": [{"delay_minutes": 5, "targets": [{"type": "schedule", "id": 4}, {"type": "user", "id": 9}]}],
}


def test_the_stored_form() -> None:
    snapshot = PolicySnapshot("Core", (Step(5, (Target("schedule", 4), Target("user", 9))),), 2)
    assert snapshot.to_json() == STORED
    assert PolicySnapshot.from_json(STORED) == snapshot


def test_a_snapshot_of_an_escalation_that_began_before_conditions_existed() -> None:
    old = {name: STORED[name] for name in ("name", "repeat", "steps")} | {"version": 1}
    assert PolicySnapshot.from_json(old) == PolicySnapshot.from_json(STORED)


@given(POLICIES)
def test_round_trip_through_json(snapshot: PolicySnapshot) -> None:
    assert PolicySnapshot.from_json(json.loads(json.dumps(snapshot.to_json()))) == snapshot


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda d: d.pop("version"), "version"),
        (lambda d: d.update(version=3), "version"),
        (lambda d: d.update(acknowledge_timeout_minutes=0), "acknowledge_timeout_minutes"),
        (lambda d: d["steps"][0].update(pick="best"), "steps[0].pick"),
        (lambda d: d["steps"][0].update(severities=[5]), "steps[0].severities"),
        (lambda d: d["steps"][0].update(hours=None), "steps[0].hours"),
        (lambda d: d["steps"][0].update(backup="9"), "steps[0].backup"),
        (lambda d: d.update(version=True), "version"),
        (lambda d: d.pop("name"), "name"),
        (lambda d: d.update(name=3), "name"),
        (lambda d: d.update(repeat=-1), "repeat"),
        (lambda d: d.update(repeat=True), "repeat"),
        (lambda d: d.update(repeat=101), "repeat"),
        (lambda d: d.update(steps={}), "steps"),
        (lambda d: d.update(steps=[{"delay_minutes": 1, "targets": []}] * 101), "steps"),
        (lambda d: d.update(steps=[5]), "steps[0]"),
        (lambda d: d["steps"][0].pop("targets"), "steps[0].targets"),
        (lambda d: d["steps"][0].update(targets="x"), "steps[0].targets"),
        (lambda d: d["steps"][0].update(delay_minutes=10081), "steps[0].delay_minutes"),
        (lambda d: d["steps"][0].update(delay_minutes=1.5), "steps[0].delay_minutes"),
        (lambda d: d["steps"][0]["targets"][1].update(type="robot"), "steps[0].targets[1].type"),
        (lambda d: d["steps"][0]["targets"][1].update(type=[]), "steps[0].targets[1].type"),
        (lambda d: d["steps"][0]["targets"][1].update(id="9"), "steps[0].targets[1].id"),
        (lambda d: d["steps"][0]["targets"][1].update(id=0), "steps[0].targets[1].id"),
        (lambda d: d["steps"][0]["targets"].append(None), "steps[0].targets[2]"),
    ],
)
def test_a_wrong_field_is_named(spoil: Callable[[dict[str, Any]], object], field: str) -> None:
    data = json.loads(json.dumps(STORED))
    spoil(data)
    with pytest.raises(SnapshotError) as caught:
        PolicySnapshot.from_json(data)
    assert caught.value.field == field


@pytest.mark.parametrize("data", [None, [], "text", 3])
def test_something_else_than_an_object_is_refused(data: object) -> None:
    with pytest.raises(SnapshotError) as caught:
        PolicySnapshot.from_json(data)
    assert caught.value.field == "snapshot"
