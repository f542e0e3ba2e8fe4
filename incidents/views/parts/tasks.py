"""The tasks on the incident's page, and what a task's button opens."""

from __future__ import annotations

from typing import Any

from incidents.choices import Control
from incidents.models import IncidentTask
from incidents.tasklists import TaskRow, task_rows
from incidents.views.parts.base import Part, State

SHOWN_DONE = 30
# What others have to do beyond this is folded: whoever can begin comes first.
SHOWN_OTHERS = 8
# The composer of updates has a view of its own.
_COMPOSER = "update"
# Which dialogs open what a control stands for: the first of them that exists, and what its address says.
_DIALOGS: dict[str, tuple[tuple[str, ...], str]] = {
    Control.SEVERITY: (("severity",), ""),
    Control.COMMAND: (("role",), "?role=commander"),
    Control.ROLE: (("role",), ""),
    Control.IMPACT: (("impact-row", "impact"), ""),
    Control.UPDATE_INTERNAL: (("update",), "?audience=internal"),
    Control.UPDATE_EXECUTIVE: (("update",), "?audience=executive"),
    Control.UPDATE_SUPPORT: (("update",), "?audience=support"),
    Control.UPDATE_PUBLIC: (("update",), "?audience=public"),
    Control.CAUSE: (("cause",), ""),
    Control.CRITERION: (("criterion",), ""),
    Control.PAGE: (("page",), ""),
    Control.DECISION: (("decision", "note"), ""),
    Control.EVIDENCE: (("evidence", "note"), ""),
    Control.STATUS_IDENTIFIED: (("status",), "?status=identified"),
    Control.STATUS_MONITORING: (("status",), "?status=monitoring"),
    Control.RESOLVE: (("resolve",), ""),
}


def control_url(number: int, task: IncidentTask) -> str:
    """The dialog that does the task's thing; "" when it has none."""
    from incidents.views.dialogs import VERBS  # the dialogs of all modules, which parts are read before

    names, query = _DIALOGS.get(task.control, ((), ""))
    name = next((name for name in names if name in VERBS or name == _COMPOSER), "")
    return f"/incidents/{number}/{name}/{query}" if name else ""


def with_controls(state: State) -> list[TaskRow]:
    """The rows of the incident, each open one with the address of its button."""
    rows = task_rows(state.incident, state.roles, state.actor.user_id, state.now)
    for row in rows:
        row.url = control_url(state.incident.number, row.task) if row.is_open and row.task.control else ""
    return rows


def _tasks(state: State) -> dict[str, Any]:
    rows = with_controls(state)
    open_rows = [row for row in rows if row.is_open]
    over = [row for row in rows if not row.is_open]
    others = sorted((row for row in open_rows if not row.mine), key=lambda row: row.waits)
    return {
        "my_task_rows": [row for row in open_rows if row.mine],
        "other_task_rows": others[:SHOWN_OTHERS],
        "more_task_rows": others[SHOWN_OTHERS:],
        "over_task_rows": over[-SHOWN_DONE:],
        "tasks_over": len(over),
        "tasks_open": len(open_rows),
        "tasks_all": len(rows),
        "tasks_late": sum(row.overdue for row in open_rows),
        "may_edit_tasks": "edit_tasks" in state.verbs,
    }


PARTS = (Part("tasks", "incidents/partials/tasks.html", _tasks),)
