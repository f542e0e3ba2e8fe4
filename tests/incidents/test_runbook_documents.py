"""A runbook's text: steps, variables, and what no text may do."""

from __future__ import annotations

import re

import pytest
from django.apps import apps

from incidents import shipped
from incidents.hooks import checked_matcher, matcher_holds
from incidents.models import IncidentType, Runbook
from incidents.runbooks.document import steps_of, to_html
from incidents.runbooks.looks import Reading, Working
from incidents.runbooks.selectors import StepState
from incidents.runbooks.variables import Value, unknown, used

BODY = """# Look

1. [ ] Count **connections**
   - [x] on the primary
   - [ ] on the replica
2. no step

- [ ] Count **connections**
"""


def test_steps_are_found_in_every_kind_of_list_and_keep_their_keys() -> None:
    steps = steps_of(BODY)
    assert [step.text for step in steps] == [
        "Count connections",
        "on the primary",
        "on the replica",
        "Count connections",
    ]
    assert len({step.key for step in steps}) == 4
    moved = steps_of("- [ ] New\n- [ ] on the replica\n")
    assert moved[1].key == steps[2].key
    assert [step.text for step in steps_of("[ ] no list\n\n- [] none\n- [y] none\n- x [ ] none")] == []
    assert [step.key for step in steps_of("- [ ] {{ service }}")] != [
        step.key for step in steps_of("- [ ] {{ team }}")
    ]


def test_variables_are_filled_named_and_left_open() -> None:
    body = (
        "{{service}} and {{ alert.instance }}, `{{ alert.instance }}`, \\{{ service }}, {{ .Values.x }}\n\n"
        "[board]({{ link.dashboard }}), [by name](https://x.example/?q={{ service }}), [gone]({{ link.logs }})\n\n"
        "see {{ link.dashboard }}\n\n```sh\ncurl {{ link.dashboard }} {{ alert.none }}\n```\n"
    )
    assert used(body) == ["service", "alert.instance", "link.dashboard", "link.logs", "alert.none"]
    values = {
        "service": Value("Check & out"),
        "alert.instance": Value("<db-1>"),
        "link.dashboard": Value("Board", "https://grafana.example/d?a=1&b=2"),
    }
    html = to_html(body, resolve=values.get, look=Reading())
    assert '<span class="var">Check &amp; out</span> and <span class="var">&lt;db-1&gt;</span>' in html
    assert '<code><span class="var">&lt;db-1&gt;</span></code>' in html
    assert "{{ service }}, {{ .Values.x }}" in html
    assert (
        '<a href="https://grafana.example/d?a=1&amp;b=2" rel="noopener noreferrer nofollow">board</a>' in html
    )
    assert 'href="https://x.example/?q=Check%20%26%20out"' in html
    assert '<a class="var" href="https://grafana.example/d?a=1&amp;b=2"' in html
    assert 'curl <span class="var">https://grafana.example/d?a=1&amp;b=2</span>' in html
    assert html.count("{{ link.logs }}") == 1
    assert "{{ alert.none }}" in html
    working = to_html(body, resolve=values.get, look=Working([], may_tick=True))
    assert '<span class="var var-empty" title="Not known here">alert.none</span>' in working


def test_what_is_no_variable_is_named() -> None:
    names = used(
        "{{ sevice }} {{ alert.x }} {{ link.board }} {{ service.slug }} {{ service.colour }} {{ alert. }}"
    )
    assert unknown(names) == ["sevice", "link.board", "service.colour", "alert."]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "![x](https://evil.example/pixel.png)",
        "[x]({{ alert.bad }})",
        "[x]({{alert.bad}}//y)",
        "`<script>alert(1)</script>`",
        "```<script>\n<script>alert(1)</script>\n```",
        "```{{ alert.bad }}\n{{ alert.bad }}\n```",
        "# <script>alert(1)</script> {{ alert.bad }}",
        "- [ ] <script>alert(1)</script> {{ alert.bad }}",
        "\ue0000\ue001 \ue00099\ue001",
        "qz0v0z {{ alert.bad }} QZ0V1z qz1v9z",
    ],
)
@pytest.mark.parametrize(
    "bad", ["javascript:alert(1)", "<script>alert(1)</script>", '"><img src=x onerror=y>']
)
def test_neither_text_nor_values_are_read_as_markup(text: str, bad: str) -> None:
    steps = [StepState(step.key, step.text, None) for step in steps_of(text)]
    for look in (Reading(), Working(steps, may_tick=True)):
        html = to_html(text, resolve=lambda name: Value(bad, bad), look=look)
        lowered = html.lower()
        assert "<script" not in lowered
        assert "<img" not in lowered
        assert 'href="javascript' not in lowered and 'href="data' not in lowered
        assert "\ue000" not in html


def test_headings_have_anchors_and_code_can_be_copied() -> None:
    html = to_html("# Look\n\n# Look\n\n```sh\nls\n```\n\n    ls\n", look=Reading())
    assert 'id="part-look"' in html and 'href="#part-look-2"' in html
    assert '<wb-copy from="code-1">' in html and '<wb-copy from="code-2">' in html
    assert 'id="code-2"' in html


def test_steps_at_work_are_buttons_for_whoever_may() -> None:
    steps = steps_of("- [ ] One\n")
    states = [StepState(steps[0].key, "One", None)]
    may = to_html("- [ ] One\n", look=Working(states, may_tick=True))
    assert f'name="tick" value="{steps[0].key}"' in may and 'aria-pressed="false"' in may
    assert "<button" not in to_html("- [ ] One\n", look=Working(states, may_tick=False))


@pytest.mark.django_db
def test_shipped_runbooks_can_be_used_as_they_are() -> None:
    rows = {row.name: row for row in Runbook.objects.filter(team=None)}
    assert len(rows) == 8
    for row in shipped.runbooks():
        assert steps_of(row["body"]), row["key"]
        assert unknown(used(row["body"])) == []
        assert [checked_matcher(line) for line in row.get("matchers", [])] == row.get("matchers", [])
    pool = rows["Connection pool used up"]
    assert set(pool.types.values_list("key", flat=True)) == {"outage", "latency"}
    assert pool.review_due_at is not None
    assert any(matcher_holds(line, {"alertname": "DBConnectionPoolExhausted"}) for line in pool.matchers)
    assert any(matcher_holds(line, {"@title": "FATAL: too many clients already"}) for line in pool.matchers)
    assert not any(matcher_holds(line, {"alertname": "DiskFull", "@title": "x"}) for line in pool.matchers)
    for version in pool.versions.all():
        assert [step["key"] for step in version.steps] == [step.key for step in steps_of(version.body)]


@pytest.mark.django_db
def test_shipped_runbooks_are_written_once() -> None:
    Runbook.objects.exclude(name="Disk filling up").delete()
    IncidentType.objects.all()
    shipped.fill(apps)
    assert Runbook.objects.count() == 1


def test_thousands_of_headings_have_each_an_anchor_of_its_own_in_no_time() -> None:
    html = to_html("# A\n# A 2\n# A\n# A 3\n" + "#\n" * 20_000)
    anchors = re.findall(r'id="(part-[^"]*)"', html)
    assert len(anchors) == len(set(anchors)) == 20_004
    assert anchors[:4] == ["part-a", "part-a-2", "part-a-3", "part-a-3-2"]


@pytest.mark.parametrize("text", ["https://x/\ue0000\ue001", "https://x/\ue0009999\ue001"])
def test_a_value_brings_no_marks_of_its_own(text: str) -> None:
    for value in (Value(text), Value("Logs", text)):
        html = to_html("[go]({{ link.logs }}) {{ service }}", resolve=lambda name, value=value: value)
        links = re.findall(r'<a href="(.*?)" rel', html)
        assert links == [re.sub("[\ue000\ue001]", "", text)]
