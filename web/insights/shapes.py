"""What a figure is and what it finds; table, CSV and API show the same rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

from teams.actor import Actor
from web.insights.scope import Scope

# What a column holds. `seconds` are lengths of time, `percent` 0 to 100.
WORD, COUNT, SECONDS, PERCENT, DAY, TIME = "word", "count", "seconds", "percent", "day", "time"


@dataclass(frozen=True)
class Column:
    key: str
    label: str | Promise
    unit: str = COUNT


@dataclass(frozen=True)
class Row:
    """`values` by column key. `links`: column key → what to add to the address to see what is behind the number;
    `urls`: column key → another page. `mark`: a short word beside the row's name."""

    values: dict[str, Any]
    links: dict[str, dict[str, str]] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    mark: str = ""


@dataclass(frozen=True)
class Found:
    """`total`: what was counted in all; nothing is shown when it is 0. `extra`: for the figure's own picture."""

    columns: tuple[Column, ...]
    rows: list[Row]
    total: int
    note: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """Who asks for what, and when."""

    actor: Actor
    scope: Scope
    now: dt.datetime


@dataclass(frozen=True)
class Figure:
    """`times`: which times it uses, in plain words. `look`: how the page draws it: durations, heat, bars, table.
    `more`: (label, address) of the page that tells more."""

    key: str
    title: str | Promise
    icon: str
    times: str | Promise
    find: Callable[[Question], Found]
    look: str = "table"
    none: str | Promise = ""
    more: tuple[str | Promise, str] | None = None
