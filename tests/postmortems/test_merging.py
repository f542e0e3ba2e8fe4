"""Two writers of one text: what is merged, what is shown to them, and what changed between two versions."""

from __future__ import annotations

import time
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.differences import ADDED, REMOVED, SAME, changes, compare
from postmortems.writing.merging import merge

LINES = st.lists(st.sampled_from(["", "a", "b", "c", "d", "- e", "f g"]), max_size=12)
# Other processes may take the machine's time while examples are drawn.
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXT = LINES.map("\n".join)


@patiently
@given(TEXT, TEXT)
def test_one_writer_alone_gets_their_own_text(base: str, mine: str) -> None:
    assert merge(base, mine, base) == mine
    assert merge(base, base, mine) == mine
    assert merge(base, mine, mine) == mine


@patiently
@given(TEXT, TEXT, TEXT)
def test_it_does_not_matter_who_saves_first(base: str, mine: str, theirs: str) -> None:
    assert merge(base, mine, theirs) == merge(base, theirs, mine)


@patiently
@given(LINES, LINES, LINES)
def test_every_line_of_both_is_kept(base: list[str], mine: list[str], theirs: list[str]) -> None:
    merged = merge("\n".join(base), "\n".join(mine), "\n".join(theirs))
    if merged is None:
        return
    known = Counter("\n".join(base).split("\n"))
    kept = Counter(merged.split("\n"))
    for side in (mine, theirs):
        for line, count in (Counter("\n".join(side).split("\n")) - known).items():
            assert kept[line] >= count


@patiently
@given(LINES, st.data())
def test_changes_far_from_each_other_are_both_made(base: list[str], data: st.DataObject) -> None:
    """New words above and below a line that stays."""
    top = data.draw(st.lists(st.sampled_from(["one", "two"]), min_size=1, max_size=4))
    end = data.draw(st.lists(st.sampled_from(["three", "four"]), min_size=1, max_size=4))
    whole = ["HEAD", *base, "FOOT"]
    merged = merge("\n".join(whole), "\n".join([*top, *whole]), "\n".join([*whole, *end]))
    assert merged == "\n".join([*top, *whole, *end])


@patiently
@given(LINES, LINES)
def test_the_changes_make_the_new_text_of_the_old(old: list[str], new: list[str]) -> None:
    made, at = [], 0
    for change in changes(old, new):
        made += [*old[at : change.start], *change.lines]
        at = change.end
    assert [*made, *old[at:]] == new


@patiently
@given(TEXT, TEXT)
def test_a_comparison_holds_both_texts(old: str, new: str) -> None:
    pieces = compare(old, new)
    if any(piece.kind == "gap" for piece in pieces):
        return
    before = "".join(piece.text for piece in pieces if piece.kind in (SAME, REMOVED))
    after = "".join(piece.text for piece in pieces if piece.kind in (SAME, ADDED))
    assert before == (f"{old}\n" if old else "")
    assert after == (f"{new}\n" if new else "")


def test_the_same_line_is_for_people_to_decide() -> None:
    base = "one\ntwo\nthree"
    assert merge(base, "one\nTWO\nthree", "one\nzwei\nthree") is None
    assert merge(base, "one\nTWO\nthree", "one\nTWO\nthree\nfour") == "one\nTWO\nthree\nfour"
    assert merge(base, "one\nTWO\nthree", "one\ntwo\nTHREE") is None
    assert merge(base, "ONE\ntwo\nthree", "one\ntwo\nTHREE") == "ONE\ntwo\nTHREE"
    assert merge("", "mine", "theirs") is None


def test_words_that_changed_are_shown() -> None:
    pieces = compare("The pool was full", "The pool was too small")
    assert [tuple(piece) for piece in pieces if piece.kind != SAME] == [
        (REMOVED, "full\n"),
        (ADDED, "too small\n"),
    ]


def test_a_hostile_text_takes_no_long_time() -> None:
    began = time.monotonic()
    base, mine = "\n" * 50_000 + "x", "y\n" + "\n" * 49_000 + "z"
    merge(base, mine, base + "theirs")
    compare("a b " * 12_000, "b a " * 12_000 + "c")
    assert time.monotonic() - began < 5
