"""Matchers: what they match, how they are written, and that no expression takes long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import matching
from alerts.choices import MatchOp
from alerts.matching import Matcher, MatcherError

NAMES = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
    lambda name: name.strip() == name
)
VALUES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=60)
MATCHERS = st.builds(Matcher, NAMES, st.sampled_from(MatchOp.values), VALUES)


@given(st.lists(MATCHERS, max_size=6))
def test_what_is_shown_is_read_back(matchers: list[Matcher]) -> None:
    assert matching.parse(matching.show(matchers)) == matchers
    assert matching.parse(matching.show_lines(matchers)) == matchers


@given(NAMES, VALUES, VALUES)
def test_each_operator_is_the_opposite_of_its_other(name: str, wanted: str, found: str) -> None:
    of = {name: found}
    assert matching.holds([Matcher(name, "=", wanted)], of) is (wanted == found)
    assert matching.holds([Matcher(name, "!=", wanted)], of) is (wanted != found)
    quoted = "".join(f"\\x{{{ord(letter):x}}}" for letter in wanted)
    assert matching.holds([Matcher(name, "=~", quoted)], of) is (wanted == found)
    assert matching.holds([Matcher(name, "!~", quoted)], of) is (wanted != found)


@given(st.lists(MATCHERS, max_size=4), st.text(max_size=80))
def test_whatever_is_written_is_read_or_refused(matchers: list[Matcher], text: str) -> None:
    for written in (text, matching.show(matchers)[:-3], "{" + text):
        try:
            found = matching.parse(written)
        except MatcherError as error:
            assert str(error)
        else:
            assert all(isinstance(each, Matcher) for each in found)


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ('{severity="warning", service=~"web.*"}', True),
        ("severity=warning\nservice=~web-.", True),
        ("severity = warning", True),
        ("service=~eb-1", False),
        ("service=~.*eb-1", True),
        ("service!~web", True),
        ("missing=", True),
        ("missing!=x", True),
        ("missing=~.+", False),
        ('missing=""', True),
        ('{@source="alertmanager",}', True),
        ("@title=~(?i)disk .*", True),
        ("@urgency=low", True),
        ("", True),
        ("{}", True),
    ],
)
def test_as_in_prometheus(text: str, matches: bool) -> None:
    labels = {"severity": "warning", "service": "web-1", "@title": "a label cannot pretend"}
    of = matching.facts(labels, source="alertmanager", severity="warning", title="Disk full", urgency="low")
    assert matching.holds(matching.parse(text), of) is matches


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("severity", "Write name=value, one a line; “severity” cannot be read."),
        ('{a="b"', "The closing } is missing."),
        ('{a="b" c="d"}', 'A comma is missing before “c="d"”.'),
        ('a="b" c', 'Write name=value, one a line; “a="b" c” cannot be read.'),
    ],
)
def test_what_cannot_be_read_is_named(text: str, reason: str) -> None:
    with pytest.raises(MatcherError) as refused:
        matching.parse(text)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"name": "a", "op": "=~", "value": "("}, "The expression “(” does not compile: missing ): (."),
        ({"name": "a", "op": "=~", "value": "(?=a)"}, "does not compile: invalid perl operator"),
        ({"name": "a", "op": "=~", "value": "a" * 501}, "at most 500 characters"),
        ({"name": "a", "op": "=~", "value": "((((x{100}){100}){100}){100})"}, "does not compile"),
        ({"name": "a", "op": "=", "value": "a" * 1001}, "at most 1000 characters"),
        ({"name": " ", "value": "x"}, "needs the name of a label"),
        ({"name": "a", "op": "==", "value": "x"}, "One of =, !=, =~, !~"),
    ],
)
def test_refused_before_it_is_stored(row: dict[str, str], reason: str) -> None:
    with pytest.raises(MatcherError) as refused:
        matching.checked([row])
    assert reason in str(refused.value)
    with pytest.raises(MatcherError):
        matching.checked([{"name": "a", "value": "b"}] * 21)


def test_stored_matchers_without_operator_mean_is() -> None:
    assert matching.stored([{"name": "job", "value": "node"}]) == (Matcher("job", "=", "node"),)
    for broken in (
        None,
        [1],
        [{"name": "a"}],
        [{"name": "a", "op": "~", "value": "b"}],
        [{"name": 1, "value": ""}],
    ):
        with pytest.raises(MatcherError):
            matching.stored(broken)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*)*x", "(a*)*(a*)*(a*)*b"])
def test_no_expression_takes_long(pattern: str) -> None:
    begun = time.perf_counter()
    assert not matching.holds([Matcher("a", "=~", pattern)], {"a": "a" * 999 + "!"})
    assert time.perf_counter() - begun < 0.5
