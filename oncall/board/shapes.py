"""What a picture of a schedule consists of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from oncall.models import Leave, Shadow, ShiftRequest
from teams.models import User

# Pixels: the final row is taller, so that what an override hides shows above it.
FINAL_HEIGHT, LANE_HEIGHT = 60, 32


@dataclass
class Block:
    """A stretch of a row: `left` and `width` in percent. No users: a gap, or `planned` to be empty.

    `instead`: who would have served without the override. `anchor`: id of its row in the list, "" when the
    list has none. `back`: the value by which a swap names this shift. The addresses and `relieves` are what
    the reader may do with it, and empty where they may not.
    """

    start: dt.datetime
    end: dt.datetime
    users: list[User]
    left: str
    width: str
    override: bool = False
    text: str = ""
    planned: bool = False
    instead: list[User] = field(default_factory=list)
    lane: int = 0
    anchor: str = ""
    back: str = ""
    cover_url: str = ""
    asks: list[tuple[User, str]] = field(default_factory=list)
    relieves: list[User] = field(default_factory=list)

    @property
    def names(self) -> str:
        return ", ".join(user.name for user in self.users)

    @property
    def shown(self) -> str:
        """What stands in the block."""
        initials = " + ".join(user.initials for user in self.users)
        return f"{initials} · {self.users[0].name}" if len(self.users) == 1 else initials

    @property
    def spoken(self) -> str:
        """Its name for who cannot see it, beginning with what stands in it."""
        return self.shown if len(self.users) == 1 else f"{self.shown}: {self.names}"

    @property
    def instead_names(self) -> str:
        return ", ".join(user.name for user in self.instead)

    @property
    def ask_url(self) -> str:
        """Where to ask for a swap of this block; only of a shift that one person serves alone."""
        return self.asks[0][1] if len(self.users) == 1 and self.asks else ""

    @property
    def y(self) -> int:
        """Where its lane begins, in pixels."""
        return 4 + self.lane * LANE_HEIGHT


@dataclass
class Row:
    """A line of the picture. `kind`: final, layer, override, leave, request or shadow.

    `beneath`: what overrides hide in the final row. Blocks that overlap lie in different lanes.
    """

    label: str
    blocks: list[Block]
    kind: str = "layer"
    beneath: list[Block] = field(default_factory=list)

    @property
    def final(self) -> bool:
        return self.kind == "final"

    @property
    def height(self) -> int:
        if self.final:
            return FINAL_HEIGHT
        return LANE_HEIGHT * (1 + max((block.lane for block in self.blocks), default=0))


@dataclass
class Day:
    """A mark on the time axis: a midnight in the schedule's zone. `holiday`: the name of a public one."""

    date: dt.date
    left: str
    label: str
    weekend: bool
    width: str
    holiday: str = ""


@dataclass
class Board:
    """What the page of a schedule draws and lists."""

    start: dt.datetime
    end: dt.datetime
    rows: list[Row]
    days: list[Day]
    now_left: str
    shifts: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Extras:
    """What is drawn in lanes of its own; what lies outside the window is left out."""

    leave: Sequence[Leave] = ()
    requests: Sequence[ShiftRequest] = ()
    shadows: Sequence[Shadow] = ()
