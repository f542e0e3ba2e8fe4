"""Two people on one field: nobody's words are lost.

Whoever edits sends the text they began from (`base`). When the field says something else by then, the change is
refused with what stands there now, and the page shows both side by side to make one text of them.
"""

from __future__ import annotations

import difflib
import re
from typing import NamedTuple

from incidents.errors import ChangedMeanwhile

_WORDS = re.compile(r"\s+|[^\s\w]|\w+")
# Comparing takes the product of both lengths; beyond this many words whole texts are shown as changed.
_MOST_WORDS = 3_000


class Piece(NamedTuple):
    """Words and what became of them: same, gone or new."""

    change: str
    text: str


def check(field: str, current: str, base: str | None, new: str) -> None:
    """Raise `ChangedMeanwhile` when `new` would overwrite words its writer has not seen.

    `base` None: the writer does not say what they began from, and the last one wins.
    """
    if base is None or _same(current, base) or _same(current, new):
        return
    raise ChangedMeanwhile(fields={field: [current]})


def _same(one: str, other: str) -> bool:
    """Browsers send line ends as CR LF, and fields are trimmed."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def differences(old: str, new: str) -> list[Piece]:
    """What was taken away and what was added, word by word, in reading order."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if len(before) > _MOST_WORDS or len(after) > _MOST_WORDS:
        return [Piece("same", new)] if old == new else [Piece("gone", old), Piece("new", new)]
    found: list[Piece] = []
    for tag, a0, a1, b0, b1 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece("same", "".join(after[b0:b1])))
            continue
        if a1 > a0:
            found.append(Piece("gone", "".join(before[a0:a1])))
        if b1 > b0:
            found.append(Piece("new", "".join(after[b0:b1])))
    return found
