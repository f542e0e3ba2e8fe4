"""A task as a list item: one function a row, because a page has many of them."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.db.models import TextChoices
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from core.templatetags._controls import avatar
from core.templatetags._html import format_html, format_html_join, joined
from core.templatetags._markup import icon
from core.templatetags._time import countdown, when
from incidents.choices import Control, IncidentStatus, Stage, TaskState
from incidents.models import IncidentTask
from incidents.tasklists import TaskRow

register = template.Library()

_NOTHING = mark_safe("")
_OPEN_ICONS: dict[str, str] = {TaskState.DOING: "circle-dot", TaskState.BLOCKED: "circle-pause"}
_OVER_ICONS: dict[str, str] = {TaskState.DONE: "circle-check", TaskState.SKIPPED: "circle-slash"}
# Stands for a task's id in markup that is made once for many tasks; no address or word contains it.
_TASK = "{task}"
_MOVES = {
    "start": gettext_noop("Start"),
    "take": gettext_noop("Take it"),
    "reopen": gettext_noop("Can go on"),
}
_DIALOGS = (
    ("edit-task", gettext_noop("Change")),
    ("assign-task", gettext_noop("Give to")),
    ("block-task", gettext_noop("Blocked")),
    ("skip-task", gettext_noop("Skip")),
)


@register.simple_tag
def task_row(row: TaskRow, base: str, editable: bool, in_view: str = "") -> SafeString:
    """A `tasklists.TaskRow`. `base`: the incident's address; `editable`: whether its viewer may move tasks;
    `in_view`: the query that moves answer with the same list ("" or "?view=lanes")."""
    task = row.task
    return format_html(
        '<li class="task{}{} is-{}" id="task-{}" data-row>\n{}\n'
        '<details class="task__more"><summary><span class="task__title">{}</span>'
        '<span class="task__meta">{}</span></summary>\n'
        '<div class="stack stack-2 task__detail">{}{}</div></details>\n<span class="task__end">{}{}</span></li>',
        " is-late" if row.overdue else "",
        " is-waiting" if row.waits else "",
        task.state,
        task.pk,
        _tick(row, base, editable, in_view),
        task.title,
        _meta(row),
        _detail(task),
        _moves(row, base, in_view) if editable and row.is_open else _NOTHING,
        _control(row) if row.url and editable else _NOTHING,
        avatar(row.owner, size="sm", label=row.owner.name) if row.owner else _NOTHING,
    )


@register.simple_tag
def task_rows(rows: list[TaskRow], base: str, editable: bool) -> SafeString:
    """Several rows, one after the other."""
    return joined(task_row(row, base, editable) for row in rows)


def _tick(row: TaskRow, base: str, editable: bool, in_view: str) -> SafeString:
    """The circle: done with one tap, open again with another; only a mark for whoever may not."""
    task = row.task
    name = _OPEN_ICONS.get(task.state, "circle") if row.is_open else _OVER_ICONS[task.state]
    if not editable:
        return format_html('<span class="task__tick">{}</span>', icon(name, 20))
    return format_html(
        '<button class="task__tick{}" type="submit" {}{} aria-label="{}: {}" title="{}">{}</button>',
        "" if row.is_open else " tone-ok",
        mark_safe("disabled ") if row.waits else _NOTHING,
        _posts(f"{base}tasks/{task.pk}/{'finish' if row.is_open else 'reopen'}/{in_view}"),
        label := _("Done") if row.is_open else _("Open again"),
        task.title,
        label,
        icon("lock") if row.waits else icon(name, 20),
    )


def _posts(url: str) -> SafeString:
    return format_html('formaction="{}" hx-post="{}"', url, url)


def _opens(url: str) -> SafeString:
    return format_html('href="{}" hx-get="{}" hx-target="#modal" hx-swap="innerHTML"', url, url)


def _meta(row: TaskRow) -> SafeString:
    """State, blockers, due time and what depends on it, in one line."""
    state = _state(row.task)
    if not row.is_open:
        return state
    task = row.task
    waits = format_html_join(
        "",
        '<a class="tone-warn task__wait" href="#task-{}">{} {}</a>',
        ((blocker.pk, _("waits for:"), blocker.title) for blocker in row.blockers),
    )
    return joined((state, waits, _due(row) if row.running else _NOTHING, _weight(task)))


def _state(task: IncidentTask) -> SafeString:
    match task.state:
        case TaskState.DOING:
            return format_html('<span class="tone-info">{}</span>', _("doing"))
        case TaskState.SKIPPED:
            return format_html("<span>{}: {}</span>", _("skipped"), task.reason)
        case TaskState.BLOCKED:
            return format_html('<span class="tone-warn">{}: {}</span>', _("blocked"), task.reason)
        case TaskState.DONE:
            who = f"{task.ended_by.name} " if task.ended_by else ""
            return format_html("<span>{}{}</span>", who, when(task.ended_at, "time"))
    return _NOTHING


def _due(row: TaskRow) -> SafeString:
    if row.task.due_at is None:
        return _NOTHING
    if row.overdue:
        return format_html('<span class="tone-danger strong">{}</span>', countdown(row.task.due_at))
    return format_html("<span>{} {}</span>", _("due in"), countdown(row.task.due_at))


def _weight(task: IncidentTask) -> SafeString:
    critical = (
        format_html('<span class="tone-danger">{}</span>', _("critical")) if task.critical else _NOTHING
    )
    if not task.needed_before:
        return critical
    word = _label(IncidentStatus, task.needed_before, get_language()).lower()
    return format_html("{}<span>{} {}</span>", critical, _("before"), word)


def _detail(task: IncidentTask) -> SafeString:
    about = format_html('<p class="pre-line">{}</p>', task.detail) if task.detail else _NOTHING
    if task.run_id:
        role = f" · {task.role}" if task.role else ""
        about += format_html('<p class="muted">{}{}</p>', _label(Stage, task.stage, get_language()), role)
    if task.backup:
        about += format_html('<p class="muted">{} {}</p>', _("Backup:"), task.backup.name)
    return about


@lru_cache(maxsize=256)
def _label(choices: type[TextChoices], value: str, _language: str | None) -> str:
    """The word of a choice; "" for what is none."""
    return str(choices(value).label) if value in choices.values else ""


def _moves(row: TaskRow, base: str, in_view: str) -> SafeString:
    """What can be done with an open task."""
    moves = []
    if row.task.state != TaskState.DOING and not row.waits:
        moves.append("start")
    if not row.mine:
        moves.append("take")
    if row.task.state == TaskState.BLOCKED:
        moves.append("reopen")
    pattern = _moves_of(base, in_view, tuple(moves), get_language())
    return mark_safe(pattern.replace(_TASK, str(row.task.pk)))  # noqa: S308 - a number in markup made here


@lru_cache(maxsize=512)
def _moves_of(base: str, in_view: str, moves: tuple[str, ...], _language: str | None) -> SafeString:
    """The buttons with `_TASK` for the task's id: the same few on every row of a page."""
    buttons = format_html_join(
        "",
        '<button class="button button-sm" type="submit" {}>{}</button>',
        ((_posts(f"{base}tasks/{_TASK}/{move}/{in_view}"), _(_MOVES[move])) for move in moves),
    )
    links = format_html_join(
        "",
        '<a class="button button-sm button-quiet" {}>{}</a>',
        ((_opens(f"{base}{name}/?task={_TASK}"), _(label)) for name, label in _DIALOGS),
    )
    return format_html('<div class="cluster">{}{}</div>', buttons, links)


def _control(row: TaskRow) -> SafeString:
    label = _label(Control, row.task.control, get_language())
    return format_html('<a class="button button-sm" {}>{}</a>', _opens(row.url), label)
