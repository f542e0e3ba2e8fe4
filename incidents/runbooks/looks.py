"""How runbooks are drawn: to be read, and at work with steps to tick."""

from __future__ import annotations

from collections.abc import Iterable

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core.templatetags._markup import icon
from core.templatetags._time import when
from incidents.runbooks.document import Look, Step
from incidents.runbooks.selectors import StepState

_NOTHING = mark_safe("")


class Reading(Look):
    """In the library: boxes are marks, variables stand by their names, code can be copied."""

    def before(self, step: Step) -> str:
        return format_html('<span class="step__box" aria-hidden="true">{}</span>', icon("check"))

    def code_head(self, code_id: str, language: str) -> str:
        copy = render_to_string("core/components/copy.html", {"source": code_id, "size": "sm"})
        return format_html('<div class="code__head"><span>{}</span>{}</div>', language, copy)

    def empty(self, name: str) -> str:
        return format_html('<span class="var var-name">{}</span>', f"{{{{ {name} }}}}")


class Working(Reading):
    """On an incident: every step is a button that ticks it or takes the tick back, for whoever may."""

    def __init__(self, states: Iterable[StepState], *, may_tick: bool) -> None:
        self._states = {state.key: state for state in states}
        self._may_tick = may_tick

    def before(self, step: Step) -> str:
        state = self._states.get(step.key)
        done = state is not None and state.tick is not None
        mark = icon("check")
        if not self._may_tick:
            label = _("Done") if done else _("To do")
            return format_html(
                '<span class="step__box{}" role="img" aria-label="{}">{}</span>', _done(done), label, mark
            )
        return format_html(
            '<button class="step__box{}" type="submit" id="tick-{}" name="{}" value="{}" aria-pressed="{}" '
            'aria-label="{}: {}">{}</button>',
            _done(done),
            step.key,
            "untick" if done else "tick",
            step.key,
            "true" if done else "false",
            _("Done"),
            step.text,
            mark,
        )

    def after(self, step: Step) -> str:
        state = self._states.get(step.key)
        if state is None or state.tick is None:
            return _NOTHING
        tick = state.tick
        return format_html(' <span class="step__by">{} {}</span>', tick.by_label, when(tick.at, "time"))

    def empty(self, name: str) -> str:
        return format_html('<span class="var var-empty" title="{}">{}</span>', _("Not known here"), name)


def _done(done: bool) -> SafeString:
    return mark_safe(" is-done") if done else _NOTHING
