"""Who works on what is a team's, and who changes its set-up."""

from __future__ import annotations

from typing import Any

import pytest

from teams.actor import Actor, system_actor

READ, RESPOND, MANAGE = "read", "respond", "manage"


def actor(*scopes: str, role: str = "", admin: bool = False, bound: int | None = None) -> Actor:
    scopes = scopes or (READ, RESPOND, MANAGE)
    roles = {1: role} if role else {}
    return Actor(5, "Bo", is_admin=admin, roles=roles, scopes=frozenset(scopes), bound_team_id=bound)


@pytest.mark.parametrize(
    ("who", "responds", "manages"),
    [
        (actor(role="manager"), True, True),
        (actor(role="responder"), True, False),
        (actor(role="observer"), False, False),
        (actor(), False, False),
        (actor(admin=True), True, True),
        (actor(READ, role="manager"), False, False),
        (actor(READ, RESPOND, role="manager"), True, False),
        (actor(READ, RESPOND, role="observer"), False, False),
        (actor(READ, admin=True), False, False),
        (actor(READ, RESPOND, admin=True), True, False),
        (actor(admin=True, bound=1), True, True),
        (actor(admin=True, bound=2), False, False),
        (actor(READ, RESPOND, admin=True, bound=2), False, False),
        (system_actor(), True, True),
    ],
)
def test_in_a_team(who: Any, responds: bool, manages: bool) -> None:
    assert (who.responds(1), who.manages(1)) == (responds, manages)


def test_what_is_nobody_s_is_for_admins() -> None:
    assert [each.responds(None) for each in (actor(role="manager"), actor(admin=True), system_actor())] == [
        False,
        True,
        True,
    ]
