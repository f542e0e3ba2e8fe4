"""What changed between two texts, by lines and inside changed lines by words. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

SAME, ADDED, REMOVED = "same", "added", "removed"
_WORDS = re.compile(r"\S+\s*|\s+")
_AROUND = 3
# What the comparison may cost: pairs of equal lines. Beyond it a text counts as changed in one piece.
_MOST_PAIRS = 100_000


class Change(NamedTuple):
    """Lines `start` to `end` (without it) of the base become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]


class Piece(NamedTuple):
    """`kind`: same, added, removed, or gap (lines that did not change and are not shown)."""

    kind: str
    text: str

    @property
    def lines(self) -> int:
        """Of a gap: how many lines."""
        return int(self.text)


def compare(old: str, new: str) -> list[Piece]:
    """The new text with what was taken out and put in; long runs of unchanged lines become a gap."""
    before = [f"{line}\n" for line in old.split("\n")] if old else []
    after = [f"{line}\n" for line in new.split("\n")] if new else []
    found = changes(before, after)
    pieces: list[Piece] = []
    at = 0
    for index, change in enumerate(found):
        pieces += _unchanged(before[at : change.start], first=index == 0)
        pieces += _words("".join(before[change.start : change.end]), "".join(change.lines))
        at = change.end
    pieces += _unchanged(before[at:], first=not found, last=True)
    return list(_joined(pieces))


def changes(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """What turns `old` into `new`, in order, none touching the next."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    if not before and not after:
        return []
    if comparable(before, after):
        found = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    else:
        found = [("replace", 0, len(before), 0, len(after))]
    return [
        Change(head + i1, head + i2, tuple(after[j1:j2])) for tag, i1, i2, j1, j2 in found if tag != "equal"
    ]


def comparable(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether comparing these piece by piece takes a reasonable time."""
    known = Counter(before)
    return sum(count * known[piece] for piece, count in Counter(after).items()) <= _MOST_PAIRS


def _unchanged(lines: Sequence[str], *, first: bool = False, last: bool = False) -> list[Piece]:
    head = 0 if first else _AROUND
    tail = 0 if last else _AROUND
    if len(lines) <= head + tail + 1:
        return [Piece(SAME, "".join(lines))] if lines else []
    kept = [Piece(SAME, "".join(lines[:head])), Piece("gap", str(len(lines) - head - tail))]
    kept.append(Piece(SAME, "".join(lines[len(lines) - tail :])))
    return [piece for piece in kept if piece.text]


def _words(old: str, new: str) -> list[Piece]:
    if not old or not new:
        return [piece for piece in (Piece(REMOVED, old), Piece(ADDED, new)) if piece.text]
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if not comparable(before, after):
        return [Piece(REMOVED, old), Piece(ADDED, new)]
    pieces = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece(SAME, "".join(before[i1:i2])))
        else:
            pieces += [Piece(REMOVED, "".join(before[i1:i2])), Piece(ADDED, "".join(after[j1:j2]))]
    return [piece for piece in pieces if piece.text]


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    last: Piece | None = None
    for piece in pieces:
        if last is not None and piece.kind == last.kind != "gap":
            last = Piece(last.kind, last.text + piece.text)
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last
