"""The tasks of a playbook: reading them with every mistake named, and when a task is shown. No database."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from core.errors import InvalidInput
from core.text import clean, one_line
from incidents.choices import Control, IncidentStatus, Stage, TaskKind, TaskState

MAX_TASKS = 100
MAX_WAITS = 20
MAX_DETAIL = 5000
# Thirty days: a task that is due later belongs to the follow-ups.
MAX_MINUTES = 43_200
_MAX_PARTS = 10
_MAX_DEPTH = 3
_KEY = re.compile(r"^[a-z0-9][a-z0-9_-]{0,39}$")


@dataclass(frozen=True)
class TaskPlan:
    """A task as a playbook holds it. `due_minutes` counts from the start of the playbook; `waits_for` and
    conditions name other tasks of the same version by `key`."""

    key: str
    title: str
    detail: str = ""
    kind: str = TaskKind.DIAGNOSE.value
    stage: str = ""
    role: str = ""
    due_minutes: int | None = None
    waits_for: tuple[str, ...] = ()
    shown_when: dict[str, Any] = field(default_factory=dict)
    control: str = ""
    needed_before: str = ""
    critical: bool = False

    def as_row(self) -> dict[str, Any]:
        """What is stored and shown: JSON without the values that say nothing."""
        row = asdict(self) | {"waits_for": list(self.waits_for)}
        return {name: value for name, value in row.items() if value or (value == 0 and value is not False)}


@dataclass(frozen=True)
class Facts:
    """What conditions look at. `tasks`: key → state, of the same run."""

    rank: int | None = None
    status: str = ""
    type: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    tasks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """Titles by what became of them between two versions."""

    added: list[str]
    removed: list[str]
    changed: list[str]


KEYS = frozenset(TaskPlan.__dataclass_fields__)


def parse(rows: Any, roles: Collection[str] | None = None) -> list[TaskPlan]:
    """The plans of a version in order. `InvalidInput` with one field for each mistake (`tasks.3.title`).

    `roles`: the keys of roles there are; None takes every word.
    """
    if not isinstance(rows, list):
        raise InvalidInput("A list of tasks is needed.", fields={"tasks": ["A list of tasks is needed."]})
    if not 1 <= len(rows) <= MAX_TASKS:
        reason = f"From 1 to {MAX_TASKS} tasks."
        raise InvalidInput(reason, fields={"tasks": [reason]})
    errors: dict[str, list[str]] = {}
    plans = [_plan(row, number, roles, errors) for number, row in enumerate(rows)]
    _check_links(plans, errors)
    if errors:
        where, reasons = next(iter(errors.items()))
        raise InvalidInput(f"{where}: {reasons[0]}", fields=errors)
    return plans


def _plan(row: Any, number: int, roles: Collection[str] | None, errors: dict[str, list[str]]) -> TaskPlan:
    """One task; what is wrong with it goes into `errors`."""

    def wrong(name: str, reason: str) -> None:
        errors.setdefault(f"tasks.{number}.{name}" if name else f"tasks.{number}", []).append(reason)

    if not isinstance(row, dict):
        wrong("", "A task is an object.")
        return TaskPlan(key="", title="")
    for name in sorted(set(map(str, row)) - KEYS)[:10]:
        wrong(name[:40], "There is no such field.")
    title = _text(row, "title", 200, wrong)
    if not title:
        wrong("title", "A task needs a title.")
    key = row.get("key") or slug(title, number)
    if not isinstance(key, str) or not _KEY.match(key):
        wrong("key", "Small letters, digits, - and _, at most 40.")
        key = ""
    role = _text(row, "role", 20, wrong)
    if role and roles is not None and role not in roles:
        wrong("role", f"One of {', '.join(roles)}.")
    return TaskPlan(
        key=key,
        title=title,
        detail=_text(row, "detail", MAX_DETAIL, wrong, lines=True),
        kind=_choice(row, "kind", TaskKind.values, TaskKind.DIAGNOSE.value, wrong),
        stage=_choice(row, "stage", Stage.values, "", wrong),
        role=role,
        due_minutes=_minutes(row, wrong),
        waits_for=_keys(row.get("waits_for"), wrong),
        shown_when=_shown_when(row.get("shown_when"), wrong),
        control=_choice(row, "control", [word for word in Control.values if word], "", wrong),
        needed_before=_choice(row, "needed_before", IncidentStatus.values, "", wrong),
        critical=_yes_no(row, wrong),
    )


def slug(title: str, number: int) -> str:
    """A key made of a title, for tasks that were written without one."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:34].strip("-")
    return words or f"task-{number + 1}"


def _text(row: Mapping[str, Any], name: str, limit: int, wrong: Any, *, lines: bool = False) -> str:
    value = row.get(name) or ""
    if not isinstance(value, str):
        wrong(name, "A text.")
        return ""
    if len(value) > limit:
        wrong(name, f"At most {limit} characters.")
        return ""
    return clean(value).strip() if lines else one_line(value, limit)


def _choice(row: Mapping[str, Any], name: str, known: Sequence[str], default: str, wrong: Any) -> str:
    value = row.get(name) or default
    if value and (not isinstance(value, str) or value not in known):
        wrong(name, f"One of {', '.join(known)}.")
        return default
    return str(value)


def _minutes(row: Mapping[str, Any], wrong: Any) -> int | None:
    value = row.get("due_minutes")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_MINUTES:
        wrong("due_minutes", f"Whole minutes from 0 to {MAX_MINUTES}.")
        return None
    return value


def _yes_no(row: Mapping[str, Any], wrong: Any) -> bool:
    value = row.get("critical", False)
    if not isinstance(value, bool):
        wrong("critical", "true or false.")
    return value is True


def _keys(value: Any, wrong: Any) -> tuple[str, ...]:
    value = [] if value is None else value
    if not isinstance(value, (list, tuple)) or not all(isinstance(key, str) for key in value):
        wrong("waits_for", "A list of keys of other tasks.")
        return ()
    if len(value) > MAX_WAITS:
        wrong("waits_for", f"At most {MAX_WAITS} tasks.")
        return ()
    return tuple(dict.fromkeys(value))


def _shown_when(value: Any, wrong: Any) -> dict[str, Any]:
    if value in (None, {}):
        return {}
    try:
        check_condition(value)
    except ValueError as error:
        wrong("shown_when", str(error))
        return {}
    return dict(value)


def check_condition(condition: Any, depth: int = 1) -> None:
    """ValueError with the reason when this is not a condition `holds` understands."""
    if not isinstance(condition, dict) or not condition:
        raise ValueError("A condition is an object.")
    names = frozenset(condition)
    if names == {"all"}:
        parts = condition["all"]
        if not isinstance(parts, list) or not 1 <= len(parts) <= _MAX_PARTS or depth >= _MAX_DEPTH:
            raise ValueError(f"“all” holds 1 to {_MAX_PARTS} conditions, {_MAX_DEPTH} deep at most.")
        for part in parts:
            check_condition(part, depth + 1)
    elif names == {"max_rank"}:
        rank = condition["max_rank"]
        if isinstance(rank, bool) or not isinstance(rank, int) or not 0 <= rank <= 4:
            raise ValueError("“max_rank” is a rank from 0 to 4.")
    elif names == {"status"}:
        _check_words(condition["status"], "status", IncidentStatus.values)
    elif names == {"type"}:
        _check_words(condition["type"], "type")
    elif names == {"field", "is"}:
        _check_name(condition["field"], "field")
        _check_words(condition["is"], "is")
    elif names == {"task", "state"}:
        _check_name(condition["task"], "task")
        _check_words(condition["state"], "state", TaskState.values)
    else:
        raise ValueError("One of max_rank, status, type, field with is, task with state, or all.")


def _check_name(value: Any, name: str) -> None:
    if not isinstance(value, str) or not _KEY.match(value):
        raise ValueError(f"“{name}” is a key.")


def _check_words(value: Any, name: str, known: Collection[str] = ()) -> None:
    fits = isinstance(value, list) and 1 <= len(value) <= 20
    if not fits or not all(isinstance(word, str) and 0 < len(word) <= 100 for word in value):
        raise ValueError(f"“{name}” is a list of words.")
    strange = [word for word in value if known and word not in known]
    if strange:
        raise ValueError(f"“{strange[0]}” is none of {', '.join(known)}.")


def _check_links(plans: Sequence[TaskPlan], errors: dict[str, list[str]]) -> None:
    """Keys are unique, what is waited for or looked at exists, and nothing waits for itself in a circle."""
    seen: set[str] = set()
    keys = {plan.key for plan in plans}
    for number, plan in enumerate(plans):
        if plan.key and plan.key in seen:
            errors.setdefault(f"tasks.{number}.key", []).append(f"“{plan.key}” is there twice.")
        seen.add(plan.key)
        for name, wanted in (("waits_for", plan.waits_for), ("shown_when", tasks_in(plan.shown_when))):
            for key in wanted:
                if key not in keys:
                    errors.setdefault(f"tasks.{number}.{name}", []).append(f"There is no task “{key[:40]}”.")
                elif key == plan.key:
                    reason = "A task cannot wait for itself."
                    errors.setdefault(f"tasks.{number}.{name}", []).append(reason)
    circle = find_cycle({plan.key: plan.waits_for for plan in plans})
    if circle and not errors:
        number = next(number for number, plan in enumerate(plans) if plan.key == circle[0])
        reason = f"These wait for each other: {' → '.join(circle)}."
        errors[f"tasks.{number}.waits_for"] = [reason]


def tasks_in(condition: Mapping[str, Any]) -> list[str]:
    """Keys of the tasks a condition looks at."""
    if "all" in condition:
        return [key for part in condition["all"] for key in tasks_in(part)]
    return [condition["task"]] if "task" in condition else []


def find_cycle(waits: Mapping[Any, Iterable[Any]]) -> list[Any]:
    """A circle in "waits for" as the list of its members, first repeated at the end; [] when there is none."""
    done: set[Any] = set()
    for start in waits:
        path: list[Any] = []
        on_path: set[Any] = set()
        stack: list[tuple[Any, bool]] = [(start, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                path.pop()
                on_path.discard(node)
                done.add(node)
            elif node in on_path:
                return [*path[path.index(node) :], node]
            elif node not in done:
                path.append(node)
                on_path.add(node)
                stack.append((node, True))
                stack.extend((after, False) for after in waits.get(node, ()))
    return []


def holds(condition: Mapping[str, Any], facts: Facts) -> bool:
    """Whether a task with this condition is shown; no condition always holds, an unknown one never."""
    if not condition:
        return True
    if "all" in condition:
        return all(holds(part, facts) for part in condition["all"])
    if "max_rank" in condition:
        return facts.rank is not None and facts.rank <= condition["max_rank"]
    if "status" in condition:
        return facts.status in condition["status"]
    if "type" in condition:
        return facts.type in condition["type"]
    if "field" in condition:
        return bool(_words(facts.fields.get(condition["field"])) & set(condition["is"]))
    if "task" in condition:
        return facts.tasks.get(condition["task"]) in condition["state"]
    return False


def _words(answer: Any) -> set[str]:
    if isinstance(answer, bool):
        return {"yes" if answer else "no"}
    if isinstance(answer, (list, tuple)):
        return {str(item) for item in answer}
    return set() if answer in (None, "") else {str(answer)}


def difference(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Difference:
    """What a version did to the one before it, by the keys of the tasks."""
    before = {row["key"]: row for row in old}
    after = {row["key"]: row for row in new}
    return Difference(
        added=[row["title"] for key, row in after.items() if key not in before],
        removed=[row["title"] for key, row in before.items() if key not in after],
        changed=[row["title"] for key, row in after.items() if key in before and before[key] != row],
    )


def condition_text(condition: Mapping[str, Any]) -> str:
    """A condition as one line to edit: `rank 1; status monitoring, resolved; task write-faq done`."""
    if not condition:
        return ""
    if "all" in condition:
        return "; ".join(condition_text(part) for part in condition["all"])
    if "max_rank" in condition:
        return f"rank {condition['max_rank']}"
    if "field" in condition:
        return f"field {condition['field']} {', '.join(condition['is'])}"
    if "task" in condition:
        return f"task {condition['task']} {', '.join(condition['state'])}"
    name = "status" if "status" in condition else "type"
    return f"{name} {', '.join(condition[name])}"


def read_condition(text: str) -> dict[str, Any]:
    """The condition of a line as `condition_text` writes it; ValueError with the reason otherwise."""
    parts = [_read_part(part.strip()) for part in text.split(";") if part.strip()]
    if not parts:
        return {}
    condition = parts[0] if len(parts) == 1 else {"all": parts}
    check_condition(condition)
    return condition


def _read_part(text: str) -> dict[str, Any]:
    name, _space, rest = text.partition(" ")
    rest = rest.strip()
    if name == "rank":
        if not (rest.isascii() and rest.isdigit() and len(rest) == 1):
            raise ValueError("After “rank” comes a rank from 0 to 4.")
        return {"max_rank": int(rest)}
    if name in ("status", "type"):
        return {name: _list(rest)}
    if name in ("field", "task"):
        key, _space, words = rest.partition(" ")
        return {name: key, "is" if name == "field" else "state": _list(words)}
    raise ValueError("Begin with rank, status, type, field or task.")


def _list(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
