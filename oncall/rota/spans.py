"""Arithmetic of stretches of time: ordered, disjoint `(start, end)` pairs, half-open, naive UTC."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

Stretches = list[tuple[datetime, datetime]]


def joined(stretches: Iterable[tuple[datetime, datetime]]) -> Stretches:
    """Any stretches as ordered, disjoint ones; those that touch become one, empty ones vanish."""
    found: Stretches = []
    for start, end in sorted(stretches):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def without(stretches: Stretches, holes: Stretches) -> Stretches:
    """The parts of `stretches` outside `holes`."""
    found: Stretches = []
    position = 0
    for start, end in stretches:
        while position < len(holes) and holes[position][1] <= start:
            position += 1
        look = position
        while look < len(holes) and holes[look][0] < end:
            if holes[look][0] > start:
                found.append((start, holes[look][0]))
            start = max(start, holes[look][1])
            look += 1
        if start < end:
            found.append((start, end))
    return found


def common(one: Stretches, other: Stretches) -> Stretches:
    """The parts that lie in both."""
    return without(one, without(one, other))
