"""Doing the thing ticks the task, wherever it was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from incidents import actions
from incidents.choices import Control
from incidents.models import IncidentTask
from incidents.sentences import sentence
from incidents.views.parts.tasks import control_url
from teams.actor import Actor
from tests.incidents.support import declare, put
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def _update(audience: str) -> Callable[[Actor, int, World], Any]:
    return lambda a, n, w: actions.post_update(actor=a, number=n, audience=audience, text="We look into it")


def _status(status: str) -> Callable[[Actor, int, World], Any]:
    def act(actor: Actor, number: int, world: World) -> None:
        actions.set_status(actor=actor, number=number, status=status, cause_unknown=True)

    return act


def _resolve(actor: Actor, number: int, world: World) -> None:
    from incidents.models import Incident

    put(Incident.objects.get(number=number), "monitoring")
    actions.resolve(actor=actor, number=number, override_reason="All is well")


def _evidence(actor: Actor, number: int, world: World) -> None:
    actions.add_evidence(actor=actor, number=number, link="https://example.com/graph", text="Errors")


DOING: dict[str, Callable[[Actor, int, World], Any]] = {
    Control.SEVERITY: lambda a, n, w: actions.set_severity(actor=a, number=n, severity=3),
    Control.COMMAND: lambda a, n, w: actions.assign_role(
        actor=a, number=n, role="commander", user_id=w.bo.pk
    ),
    Control.ROLE: lambda a, n, w: actions.assign_role(
        actor=a, number=n, role="communications", user_id=w.bo.pk
    ),
    Control.IMPACT: lambda a, n, w: actions.set_impact(actor=a, number=n, impact="Nobody can pay"),
    Control.UPDATE_INTERNAL: _update("internal"),
    Control.UPDATE_EXECUTIVE: _update("executive"),
    Control.UPDATE_SUPPORT: _update("support"),
    Control.UPDATE_PUBLIC: _update("public"),
    Control.CAUSE: lambda a, n, w: actions.add_cause(actor=a, number=n, text="The pool is full"),
    Control.CRITERION: lambda a, n, w: actions.add_criterion(
        actor=a, number=n, kind="manual", text="Payments go through"
    ),
    Control.PAGE: lambda a, n, w: actions.page(actor=a, number=n, user_ids=[w.bo.pk]),
    Control.DECISION: lambda a, n, w: actions.add_note(actor=a, number=n, text="Roll back", kind="decision"),
    Control.EVIDENCE: _evidence,
    Control.STATUS_IDENTIFIED: _status("identified"),
    Control.STATUS_MONITORING: _status("monitoring"),
    Control.RESOLVE: _resolve,
}


@pytest.mark.parametrize("control", [word for word in Control.values if word])
def test_doing_it_ticks_it(control: str, drain: Callable[[], None]) -> None:
    world = make_world()
    ada = world.actor("ada")
    number = declare(world, title="Checkout down").number
    drain()
    mine = actions.add_task(actor=ada, number=number, title="Do it", control=control)
    hidden = actions.add_task(actor=ada, number=number, title="Hidden", control=control)
    IncidentTask.objects.filter(pk=hidden.pk).update(shown=False)
    other = next(word for word in DOING if word != control)
    kept = actions.add_task(actor=ada, number=number, title="Else", control=other)
    drain()
    DOING[control](ada, number, world)
    drain()
    rows = {row.pk: row for row in IncidentTask.objects.filter(pk__in=[mine.pk, hidden.pk, kept.pk])}
    assert (rows[mine.pk].state, rows[mine.pk].ended_by) == ("done", world.ada)
    assert (rows[hidden.pk].state, rows[kept.pk].state) == ("open", "open")
    said = [sentence(row) for row in rows[mine.pk].incident.timeline.filter(kind="task")]
    assert said.count("Done by itself: Do it") == 1
    drain()
    assert [sentence(row) for row in rows[mine.pk].incident.timeline.filter(kind="task")] == said


@pytest.mark.parametrize("control", [word for word in Control.values if word])
def test_its_button_opens_a_dialog_that_exists(control: str) -> None:
    from tests.factories import signed_in

    world = make_world()
    number = declare(world).number
    url = control_url(number, IncidentTask(control=control))
    assert url and signed_in(world.ada).get(url).status_code == 200
    assert control_url(number, IncidentTask(control="")) == ""


def test_taking_a_severity_back_or_leaving_a_role_ticks_nothing(drain: Callable[[], None]) -> None:
    world = make_world()
    ada = world.actor("ada")
    number = declare(world, severity=3).number
    actions.assign_role(actor=ada, number=number, role="scribe", user_id=world.bo.pk)
    drain()
    for control in ("severity", "role", "page"):
        actions.add_task(actor=ada, number=number, title=control, control=control)
    actions.set_severity(actor=ada, number=number, severity=None)
    actions.assign_role(actor=ada, number=number, role="scribe", user_id=None)
    actions.join(actor=world.actor("bo"), number=number)
    drain()
    assert set(IncidentTask.objects.exclude(control="").values_list("state", flat=True)) == {"open"}
