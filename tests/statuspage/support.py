"""A page of the world's team, and how the public reads it."""

from __future__ import annotations

from typing import Any

import orjson

from statuspage import actions
from statuspage.actions import Words
from statuspage.models import Component, Notice, StatusPage
from statuspage.serving.answers import Answer, answer
from tests.world import World


def make_page(world: World, slug: str = "shop", *, parts: tuple[str, ...] = ("Website",)) -> StatusPage:
    page = actions.create_page(actor=world.actor("ada"), name="Shop", slug=slug, team_id=world.team.pk)
    for name in parts:
        actions.add_component(actor=world.actor("ada"), page_id=page.pk, name=name)
    page.refresh_from_db()
    return page


def part(page: StatusPage, name: str = "Website") -> Component:
    found: Component = page.components.get(name=name)
    return found


def tell(
    world: World, page: StatusPage, *, title: str = "Orders fail", by: str = "bo", **fields: Any
) -> Notice:
    """A notice; fields of `Words` go there, the rest to the action."""
    named = set(Words.__dataclass_fields__) - {"component_ids"}
    words = {name: fields.pop(name) for name in list(fields) if name in named}
    words.setdefault("body", "We look into it.")
    fields.setdefault("component_ids", [row.pk for row in page.components.all()[:1]])
    return actions.create_notice(
        actor=world.actor(by), page_id=page.pk, title=title, words=Words(**words), **fields
    )


def say(world: World, notice: Notice, body: str = "More.", *, by: str = "bo", **fields: Any) -> Notice:
    now = fields.pop("now", None)
    words = Words(body=body, **fields)
    return actions.update_notice(actor=world.actor(by), notice_id=notice.pk, words=words, now=now)


def read(
    path: str, *, tag: str = "", encoding: str = "", host: str = "localhost", method: str = "GET"
) -> tuple[int, dict[str, str], bytes]:
    found = answer(method, path, host, tag.encode(), encoding.encode())
    assert isinstance(found, Answer), found
    return found.status, {name.decode(): value.decode() for name, value in found.headers}, found.body


def document(path: str, slug: str = "shop") -> Any:
    status, headers, body = read(f"/status/{slug}/api/v2/{path}")
    assert (status, headers["content-type"]) == (200, "application/json; charset=utf-8")
    return orjson.loads(body)
