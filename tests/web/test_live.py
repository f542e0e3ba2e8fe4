"""The socket protocol: replies, catch-up, refusal, loss of access, and who may connect."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings

from core import relay
from incidents import actions
from tests.factories import make_token, signed_in
from tests.incidents.support import declare
from tests.world import make_world
from web.live.routing import application

pytestmark = [
    pytest.mark.concurrent,
    pytest.mark.django_db(transaction=True),
]
WAIT = 10


@pytest.fixture(autouse=True)
def pushes(settings: Any) -> None:
    """What is published reaches the hub through the real Redis."""
    settings.WAKEUPS = True


class Talker(ApplicationCommunicator):
    """One client of the socket application."""

    async def connect(self, timeout: float) -> tuple[bool, str | None]:
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(timeout)
        return answer["type"] == "websocket.accept", answer.get("subprotocol")

    async def send_to(self, *, text_data: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text_data})

    async def receive_from(self, timeout: float) -> str:
        return str((await self.receive_output(timeout))["text"])

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(5)


def socket(secret: str = "", *, cookie: str = "", origin: str = "", header: bool = False) -> Any:
    headers = [(b"host", b"testserver")]
    if cookie:
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()))
    if origin:
        headers.append((b"origin", origin.encode()))
    if header:
        headers.append((b"authorization", f"Bearer {secret}".encode()))
    protocols = ["bearer", secret] if secret and not header else None
    scope = {
        "type": "websocket",
        "path": "/ws/",
        "query_string": b"",
        "headers": headers,
        "subprotocols": protocols or [],
    }
    return Talker(application, scope)


async def ask(client: Any, **message: Any) -> Any:
    await client.send_to(text_data=json.dumps(message))
    return json.loads(await client.receive_from(WAIT))


def run(test: Callable[[], Awaitable[None]]) -> None:
    async_to_sync(test)()


def test_subscribe_catch_up_new_entries_and_refusal() -> None:
    world = make_world("members")
    number = declare(world).number
    bo = world.actor("bo")
    actions.add_note(actor=bo, number=number, text="One")
    actions.add_note(actor=bo, number=number, text="Two")
    relay.drain()
    secret, strange = make_token(world.bo)[1], make_token(world.zoe)[1]
    topic = f"incident:{number}"

    async def talk() -> None:
        client = socket(secret)
        assert await client.connect(WAIT) == (True, "bearer")
        assert await ask(client, subscribe=topic, after=1) == {"topic": topic, "subscribed": True, "last": 3}
        rows = [json.loads(await client.receive_from(WAIT)) for _ in range(2)]
        assert [(row["topic"], row["seq"], row["event"]) for row in rows] == [
            (topic, 2, "timeline.note"),
            (topic, 3, "timeline.note"),
        ]
        assert "Two" in rows[1]["html"]
        note = sync_to_async(actions.add_note, thread_sensitive=False)
        await note(actor=bo, number=number, text="Three")
        await sync_to_async(relay.drain, thread_sensitive=False)()
        assert json.loads(await client.receive_from(WAIT))["seq"] == 4
        assert await ask(client, subscribe="no such topic") == {
            "topic": "no such topic",
            "error": "forbidden",
        }
        assert await ask(client, unsubscribe=topic) == {"topic": topic, "unsubscribed": True}
        await client.disconnect()

        other = socket(strange, header=True)
        assert await other.connect(WAIT) == (True, None)
        assert await ask(other, subscribe=topic) == {"topic": topic, "error": "forbidden"}
        feed = await ask(other, subscribe="feed", after=0)
        assert (feed["topic"], feed["subscribed"]) == ("feed", True)
        assert await other.receive_nothing(0.3)
        await other.disconnect()

    run(talk)


def test_who_may_connect() -> None:
    world = make_world()
    cookie = signed_in(world.bo).cookies[settings.SESSION_COOKIE_NAME].value

    async def talk() -> None:
        for client, allowed in (
            (socket(), False),
            (socket("wb_wrong"), False),
            (socket(cookie=cookie), False),
            (socket(cookie=cookie, origin="https://evil.example"), False),
            (socket(cookie=cookie, origin="http://testserver"), True),
        ):
            await client.connect(WAIT)
            if allowed:
                assert (await ask(client, subscribe="feed"))["subscribed"] is True
            else:
                closed = await client.receive_output(WAIT)
                assert (closed["type"], closed["code"]) == ("websocket.close", 4401)
            await client.disconnect()

    run(talk)


def test_a_bad_message_closes() -> None:
    secret = make_token(make_world().bo)[1]

    async def talk() -> None:
        for text in ("{", "[]", "x" * 5000):
            client = socket(secret)
            await client.connect(WAIT)
            await client.send_to(text_data=text)
            assert (await client.receive_output(WAIT))["code"] == 4400
            await client.disconnect()

    run(talk)


def test_losing_the_membership_revokes_the_topic() -> None:
    from teams.actions.memberships import remove_member
    from teams.actor import system_actor

    world = make_world("members")
    number = declare(world).number
    relay.drain()
    secret = make_token(world.bo)[1]
    topic = f"incident:{number}"

    async def talk() -> None:
        client = socket(secret)
        await client.connect(WAIT)
        assert (await ask(client, subscribe=topic))["subscribed"] is True
        remove = sync_to_async(remove_member, thread_sensitive=False)
        await remove(actor=system_actor(), team_id=world.team.pk, user_id=world.bo.pk)
        await sync_to_async(relay.drain, thread_sensitive=False)()
        assert json.loads(await client.receive_from(WAIT)) == {"topic": topic, "revoked": True}
        await client.disconnect()

    run(talk)
