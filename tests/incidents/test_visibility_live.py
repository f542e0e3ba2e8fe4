"""Sockets of people who lose sight of an incident."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from core import relay
from incidents import actions
from tests.factories import make_token
from tests.incidents.support import declare
from tests.web.test_live import WAIT, ask, pushes, run, socket  # noqa: F401 - pushes is a fixture
from tests.world import make_world

pytestmark = [
    pytest.mark.concurrent,
    pytest.mark.django_db(transaction=True),
]


async def read(client: Any) -> Any:
    return json.loads(await client.receive_from(WAIT))


def test_a_restricted_incident_is_revoked_and_says_nothing_more() -> None:
    world = make_world()
    number = declare(world).number
    relay.drain()
    ada = world.actor("ada")
    topic = f"incident:{number}"
    stranger, owner = make_token(world.zoe)[1], make_token(world.ada)[1]

    def restrict() -> None:
        actions.set_visibility(actor=ada, number=number, visibility="restricted", reason="Quiet")
        actions.add_note(actor=ada, number=number, text="Secret")
        relay.drain()

    async def talk() -> None:
        out, inside = socket(stranger), socket(owner)
        for client in (out, inside):
            await client.connect(WAIT)
            assert (await ask(client, subscribe=topic))["subscribed"] is True
            assert (await ask(client, subscribe="feed"))["subscribed"] is True
        await sync_to_async(restrict, thread_sensitive=False)()
        got = [await read(out), await read(out)]
        assert sorted(row.get("event", "revoked") for row in got) == ["incident.visibility", "revoked"]
        assert {"topic": topic, "revoked": True} in got
        more = None if await out.receive_nothing(0.3) else await out.receive_output(WAIT)
        assert more is None
        assert await ask(out, subscribe=topic, after=0) == {"topic": topic, "error": "forbidden"}
        assert [row["event"] for row in [await read(inside) for _ in range(3)] if row["topic"] == topic] == [
            "timeline.visibility",
            "timeline.note",
        ]
        for client in (out, inside):
            await client.disconnect()

    run(talk)
