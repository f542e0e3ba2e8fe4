"""Which files a page has, and what each is made from."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson

from statuspage.building import assets, badges, calendar, feeds, html
from statuspage.building.load import Loaded
from statuspage.building.shapes import documents, stamp
from statuspage.models import Notice


@dataclass(frozen=True)
class File:
    """A file to be made. `path` is below the page; while `key` stays the same so do the bytes ("": never)."""

    path: str
    make: Callable[[], bytes]
    key: str = ""


def site(loaded: Loaded) -> Iterator[File]:
    """All files of the page; what costs is done only when `make` is called."""
    yield from _machines(loaded)
    yield from _styling(loaded)
    for language in loaded.page.languages:
        pages = html.Pages(loaded, language)
        at = "" if language == loaded.page.languages[0] else f"{language}/"
        yield File(f"{at}index.html", pages.index)
        yield File(f"{at}uptime/index.html", pages.uptime)
        yield File(f"{at}404.html", pages.missing, _settings(loaded))
        for notice in loaded.notices:
            make = functools.partial(pages.notice, notice)
            yield File(f"{at}incidents/{notice.public_id}/index.html", make, _notice_key(notice, loaded))
        quarters = html.quarters(loaded)
        for name, notices in quarters.items():
            told = " ".join(f"{row.pk} {_notice_key(row, loaded)}" for row in notices)
            key = hashlib.sha256(f"{_settings(loaded)} {told} {','.join(quarters)}".encode()).hexdigest()
            make = functools.partial(pages.history, name)
            yield File(f"{at}history/{name}/index.html", make, key)
            if name == next(iter(quarters)):
                yield File(
                    f"{at}history/index.html", functools.partial(pages.history, name, newest=True), key
                )


def _machines(loaded: Loaded) -> Iterator[File]:
    for name, body in documents(loaded).items():
        yield File(f"api/v2/{name}", functools.partial(orjson.dumps, body))
    yield File("history.json", functools.partial(feeds.history, loaded))
    yield File("history.atom", functools.partial(feeds.atom, loaded))
    yield File("history.rss", functools.partial(feeds.rss, loaded))
    yield File("maintenance.ics", functools.partial(calendar.maintenance, loaded))
    yield File("badge.svg", functools.partial(badges.overall, loaded))
    for component in loaded.components:
        make = functools.partial(badges.component, component)
        yield File(f"badge/{component.public_id}.svg", make, f"{component.name} {component.status}")


def _styling(loaded: Loaded) -> Iterator[File]:
    for name, body in assets.files(loaded).items():
        yield File(f"assets/{name}", functools.partial(bytes, body), name)
    yield File("widget.js", functools.partial(assets.widget_script, loaded), _settings(loaded))
    yield File("widget.html", functools.partial(html.widget, loaded))
    robots = (
        b"User-agent: *\nDisallow: /\n" if loaded.page.hidden_from_search else b"User-agent: *\nAllow: /\n"
    )
    yield File("robots.txt", functools.partial(bytes, robots))


def _settings(loaded: Loaded) -> str:
    return str(stamp(loaded.page.settings_at))


def _notice_key(notice: Notice, loaded: Loaded) -> str:
    moved: dt.datetime = notice.updated_at
    return f"{_settings(loaded)} {stamp(moved)} {notice.updates.all().__len__()}"
