"""Templates over payloads: what they can say, and that nothing makes them run away."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.templating import FILTERS, MAX_OUTPUT, TemplateFailed, check, render

VALUES: dict[str, Any] = {
    "payload": {
        "title": "Disk of db-17 is full",
        "items": "a key, not a method",
        "hosts": ["a", "b", {"name": "c"}],
        "many": list(range(50_000)),
        "nothing": None,
        "yes": True,
        "big": "x" * 90_000,
    },
    "labels": {"severity": "critical"},
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ payload.title }} ({{ labels.severity }})", "Disk of db-17 is full (critical)"),
        ("{{ payload.items }}", "a key, not a method"),
        ("{{ payload['hosts'][2].name }}{{ payload.hosts.0 }}", "ca"),
        ("{{ payload.missing.deeper[3] }}|{{ absent }}|{{ payload.nothing }}", "||"),
        ("{{ payload.yes }} {{ payload.hosts }}", 'true ["a","b",{"name":"c"}]'),
        ("{% for host in payload.hosts %}<{{ host }}>{% endfor %}", '<a><b><{"name":"c"}>'),
        ("{% for name, value in labels|items %}{{ name }}={{ value }}{% endfor %}", "severity=critical"),
        ("{{ payload.title|extract('db-([0-9]+)') }}", "17"),
        ("{{ payload.title|extract('nothing like it') }}", ""),
        ("{{ payload.absent|default('unnamed')|upper }}", "UNNAMED"),
        ("{% if labels.severity == 'critical' %}page{% else %}wait{% endif %}", "page"),
        ("{{ payload.hosts|join(', ') }}", 'a, b, {"name":"c"}'),
        ("{{ 'db' ~ '-' ~ 17 }} {{ 40 + 2 }} {{ 'a' + 'b' }}", "db-17 42 ab"),
        ("{{ payload.title[:4] }}{{ payload.title|truncate(6) }}", "DiskDisk …"),
        ("{{ payload.title.__class__ }}{{ payload.title.upper }}{{ lipsum }}{{ cycler }}", ""),
    ],
)
def test_what_a_template_says(source: str, text: str) -> None:
    assert render(source, VALUES) == text


@pytest.mark.parametrize(
    "source",
    [
        "{{ payload.items() }}",
        "{{ range(10) }}",
        "{{ 'a' * 1000000 }}",
        "{{ 9 ** 9 }}",
        "{{ '%1000000000d' % 1 }}",
        "{% set x = 1 %}",
        "{% include 'secrets' %}",
        "{% import 'x' as y %}",
        "{% macro m() %}{% endmacro %}",
        "{{ payload|attr('__class__') }}",
        "{% for a in payload.hosts recursive %}{% endfor %}",
        "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}",
        "{{ " + "(" * 1500 + "1" + ")" * 1500 + " }}",
        "{{ " + "not " * 900 + "1 }}",
        "{{ " + "-" * 3000 + "1 }}",
        "{{ x" + "|json" * 700 + " }}",
        "{{ x" + " ~ x" * 100 + " }}",
        "{{ unfinished",
        "x" * 5000,
    ],
)
def test_what_may_not_be_written(source: str) -> None:
    started = time.monotonic()
    with pytest.raises(TemplateFailed):
        check(source)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in payload.many %}{% for b in payload.many %}{% endfor %}{% endfor %}",
        "{% for a in payload.many %}{% if payload.many == payload.many %}{% endif %}{% endfor %}",
        "{{ payload.big|replace('x', payload.big) }}",
        "{{ payload.many|json|json|json }}",
        "{{ payload.big + payload.big }}",
        "{{ payload.hosts - 1 }}",
        "{{ payload.title < 3 }}",
        "{{ payload.title|extract('(') }}",
        "{{ payload.title|extract('a' ~ payload.big) }}",
    ],
)
def test_what_fails_fails_soon_and_says_why(source: str) -> None:
    started = time.monotonic()
    with pytest.raises(TemplateFailed, match=r"\w{4}"):
        render(source, VALUES)
    assert time.monotonic() - started < 5, "bounded by its own clock of a quarter of a second"


def test_a_pattern_takes_linear_time() -> None:
    assert render("{{ text|extract('(a+)+$') }}", {"text": "a" * 50_000 + "b"}) == ""


def test_output_is_cut_and_clean() -> None:
    assert render("{{ payload.big }}", VALUES) == "x" * (MAX_OUTPUT - 1) + "…"
    assert render("{{ payload.big }}", VALUES, limit=10) == "x" * 9 + "…"
    assert "\0" not in render("{{ text }}", {"text": "a\0b"})


_words = st.sampled_from(
    [
        "payload",
        ".title",
        "['x']",
        "|",
        "~",
        "+",
        "-",
        " if ",
        " else ",
        "1",
        "'a'",
        "(",
        ")",
        "[",
        "]",
        "not ",
        ",",
    ]
)
_inside = st.lists(_words | st.sampled_from(sorted(FILTERS)), max_size=15).map("".join)
_block = st.one_of(
    _inside.map(lambda text: "{{ " + text + " }}"),
    _inside.map(lambda text: "{% for x in " + text + " %}{{ x }}{% endfor %}"),
    _inside.map(lambda text: "{% if " + text + " %}y{% endif %}"),
    st.text(max_size=20),
)


@given(st.lists(_block, max_size=4).map("".join))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_written_renders_or_fails_with_a_reason(source: str) -> None:
    try:
        assert len(render(source, VALUES)) <= MAX_OUTPUT
    except TemplateFailed as error:
        assert str(error)
