"""Sockets on a document: what changed arrives without words, and whoever loses sight of it hears no more."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from core import relay
from incidents import actions as incident_actions
from postmortems import actions
from tests.factories import make_token
from tests.postmortems.test_documents import started
from tests.web.test_live import WAIT, ask, pushes, run, socket  # noqa: F401 - pushes is a fixture
from tests.world import make_world

pytestmark = [pytest.mark.concurrent, pytest.mark.django_db(transaction=True)]


async def read(client: Any) -> Any:
    return json.loads(await client.receive_from(WAIT))


def test_a_document_is_followed_until_it_is_restricted() -> None:
    world = make_world()
    document = started(world)
    relay.drain()
    ada, bo, topic = world.actor("ada"), world.actor("bo"), f"postmortem:{document.pk}"
    stranger, owner = make_token(world.zoe)[1], make_token(world.ada)[1]

    def write(text: str) -> None:
        actions.edit_section(actor=bo, postmortem_id=document.pk, key="summary", text=text)

    def restrict() -> None:
        number = document.incident.number
        incident_actions.set_visibility(actor=ada, number=number, visibility="restricted", reason="Quiet")
        relay.drain()
        write("Secret")

    async def talk() -> None:
        out, inside = socket(stranger), socket(owner)
        for client in (out, inside):
            await client.connect(WAIT)
            assert (await ask(client, subscribe=topic))["subscribed"] is True
        await sync_to_async(write, thread_sensitive=False)("Words")
        for client in (out, inside):
            message = await read(client)
            assert (message["event"], message["data"]) == (
                "postmortem.section.summary",
                {"key": "summary", "version": 2},
            )
        await sync_to_async(restrict, thread_sensitive=False)()
        assert await read(out) == {"topic": topic, "revoked": True}
        assert await out.receive_nothing(0.3)
        assert await ask(out, subscribe=topic, after=0) == {"topic": topic, "error": "forbidden"}
        assert (await read(inside))["event"] == "postmortem.section.summary"
        for client in (out, inside):
            await client.disconnect()

    run(talk)
