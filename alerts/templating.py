"""Templates that people write over an alert's payload: Jinja's expressions in a sandbox with bounds.

A template may read values, choose with `{% if %}`, walk lists with `{% for %}` (two deep) and use the filters of
`FILTERS`. It cannot call, assign, import or compute sizes, so that neither time nor memory run away: source, nodes,
loop steps, filter results, output and the clock are all bounded. What is missing reads as "".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import orjson
import re2
from jinja2 import ChainableUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.text import clean

MAX_SOURCE = 4000
MAX_NODES = 400
MAX_LOOPS = 2
MAX_JOINED = 40
MAX_STEPS = 10_000
MAX_TEXT = 100_000
MAX_OUTPUT = 20_000
MAX_PATTERN = 500
SECONDS = 0.25


class TemplateFailed(ValueError):
    """A template that may not be used, or could not be rendered; the text says why."""


class _Budget:
    """What one rendering may still use."""

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.until = time.monotonic() + SECONDS

    def spend(self, steps: int = 1) -> None:
        self.steps -= steps
        if self.steps < 0 or time.monotonic() > self.until:
            raise TemplateFailed("It takes too long.")


_budget: ContextVar[_Budget] = ContextVar("template_budget")


def _bounded(value: Any) -> Any:
    if isinstance(value, str | bytes | list) and len(value) > MAX_TEXT:
        raise TemplateFailed(f"A value is longer than {MAX_TEXT:,} characters.")
    return value


def _text(value: Any) -> str:
    if value is None or isinstance(value, ChainableUndefined):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return orjson.dumps(value, default=str).decode()
    return str(value)


def _replace(value: Any, old: Any, new: Any = "") -> str:
    text, before, after = _text(value), _text(old), _text(new)
    if not before:
        return text
    if len(text) + text.count(before) * len(after) > MAX_TEXT:
        raise TemplateFailed(f"A value is longer than {MAX_TEXT:,} characters.")
    return text.replace(before, after)


def _join(value: Any, separator: Any = "", key: str | None = None) -> str:
    if not isinstance(value, list | tuple):
        return _text(value)
    between, parts, size = _text(separator), [], 0
    for item in value:
        part = _text(item.get(key) if key is not None and isinstance(item, dict) else item)
        size += len(part) + len(between)
        if size > MAX_TEXT:
            raise TemplateFailed(f"A value is longer than {MAX_TEXT:,} characters.")
        parts.append(part)
    return between.join(parts)


def _extract(value: Any, pattern: Any, group: Any = None) -> str:
    """The first match of a regular expression (RE2: linear time), or its first group."""
    try:
        found = _compiled(_text(pattern)).search(_text(value))
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise TemplateFailed(f"The pattern of extract is wrong: {reason}") from None
    if found is None:
        return ""
    wanted = group if isinstance(group, int) else 1 if found.re.groups else 0
    if not 0 <= wanted <= found.re.groups:
        raise TemplateFailed("The pattern of extract has no such group.")
    return found.group(wanted) or ""


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    if len(pattern) > MAX_PATTERN:
        raise TemplateFailed(f"A pattern has at most {MAX_PATTERN} characters.")
    options = re2.Options()
    options.max_mem = 1 << 20
    options.log_errors = False
    return re2.compile(pattern, options=options)


def _number(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def number(value: Any, default: Any = 0) -> Any:
        try:
            return convert(_text(value)[:40])
        except (ValueError, OverflowError):
            return default

    return number


def _default(value: Any, default: Any = "") -> Any:
    return default if value is None or value == "" or isinstance(value, ChainableUndefined) else value


def _truncate(value: Any, length: Any = 200) -> str:
    text = _text(value)
    size = length if isinstance(length, int) and length > 0 else 200
    return text if len(text) <= size else f"{text[: size - 1]}…"


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list | str) and value else ""


def _last(value: Any) -> Any:
    return value[-1] if isinstance(value, list | str) and value else ""


def _pairs(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


FILTERS: dict[str, Callable[..., Any]] = {
    "capitalize": lambda value: _text(value).capitalize(),
    "default": _default,
    "extract": _extract,
    "first": _first,
    "float": _number(float),
    "int": _number(lambda text: int(float(text))),
    "items": _pairs,
    "join": _join,
    "json": _text,
    "last": _last,
    "length": lambda value: len(value) if isinstance(value, str | list | dict) else 0,
    "lower": lambda value: _text(value).lower(),
    "replace": _replace,
    "title": lambda value: _text(value).title(),
    "trim": lambda value: _text(value).strip(),
    "truncate": _truncate,
    "upper": lambda value: _text(value).upper(),
    "urlencode": lambda value: quote(_text(value), safe=""),
}
TESTS = (
    "defined",
    "none",
    "number",
    "string",
    "mapping",
    "sequence",
    "in",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
)
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.For,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.Filter,
    nodes.Test,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Add,
    nodes.Sub,
    nodes.Concat,
    nodes.List,
    nodes.Tuple,
    nodes.Keyword,
)


def _filter(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose work is paid for and whose result is bounded."""

    def bounded(*args: Any, **options: Any) -> Any:
        _budget.get().spend()
        return _bounded(function(*args, **options))

    return bounded


def _steps(values: Any) -> Iterator[Any]:
    """The items of a list, each paid for; anything else has none."""
    budget = _budget.get()
    for value in values if isinstance(values, list | tuple) else ():
        budget.spend()
        yield value


class _Environment(ImmutableSandboxedEnvironment):
    """Values are JSON: attributes and items are keys of objects and places in lists, and nothing else."""

    intercepted_binops = frozenset({"+", "-"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        _budget.get().spend()
        if isinstance(obj, dict) and isinstance(argument, str) and argument in obj:
            return obj[argument]
        if isinstance(obj, list | tuple | str):
            try:
                return obj[argument]
            except (TypeError, IndexError, ValueError):
                pass
        return self.undefined(name=str(argument)[:100])

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        _budget.get().spend()
        numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (left, right))
        if numbers and max(abs(left), abs(right)) < 10**15:
            return left + right if operator == "+" else left - right
        if operator == "+":
            return _bounded(_text(left) + _text(right))
        raise TemplateFailed("Only numbers can be subtracted.")


def _environment() -> _Environment:
    environment = _Environment(undefined=ChainableUndefined, autoescape=False, finalize=_text, cache_size=0)
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update({name: _filter(function) for name, function in FILTERS.items()})
    environment.filters["each step"] = _steps
    environment.tests = {name: environment.tests[name] for name in TESTS}
    return environment


_ENVIRONMENT = _environment()


def check(source: str) -> None:
    """`TemplateFailed` with the reason for what may not be used as a template."""
    _compile(source)


def render(source: str, values: Mapping[str, Any], *, limit: int = MAX_OUTPUT) -> str:
    """The text of a template over JSON values, cut to `limit` characters. `TemplateFailed` for whatever goes wrong,
    within a quarter of a second and little memory."""
    template = _compile(source)
    token = _budget.set(_Budget())
    try:
        parts, size = [], 0
        for part in template.generate(**values):
            parts.append(part)
            size += len(part)
            if size > limit:
                break
        return clean("".join(parts), limit)
    except TemplateFailed:
        raise
    except (TemplateError, ArithmeticError, TypeError, ValueError, RecursionError, AttributeError) as error:
        raise TemplateFailed(f"{type(error).__name__}: {error}"[:300]) from None
    finally:
        _budget.reset(token)


@lru_cache(maxsize=1024)
def _compile(source: str) -> Template:
    if len(source) > MAX_SOURCE:
        raise TemplateFailed(f"A template has at most {MAX_SOURCE:,} characters.")
    try:
        tree = _ENVIRONMENT.parse(source)
        _refuse(tree)
        code = _ENVIRONMENT.compile(tree)
    except TemplateError as error:
        raise TemplateFailed(f"{error.message or error}"[:300]) from None
    except (RecursionError, MemoryError, SyntaxError):
        raise TemplateFailed("It is nested too deeply.") from None
    # The type of globals is declared as narrower than what `from_code` takes and gives back.
    return Template.from_code(_ENVIRONMENT, code, _ENVIRONMENT.globals)  # type: ignore[arg-type]


def _refuse(tree: nodes.Template) -> None:
    """`TemplateFailed` for what is not allowed; lets every loop pay for its steps."""
    found = list(_walk(tree, 0))
    if len(found) > MAX_NODES:
        raise TemplateFailed(f"It has more than {MAX_NODES} parts.")
    if sum(len(node.nodes) for node, _loops in found if isinstance(node, nodes.Concat)) > MAX_JOINED:
        raise TemplateFailed(f"It joins more than {MAX_JOINED} values with ~.")
    for node, _loops in found:
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise TemplateFailed(f"There is no filter “{node.name}”. Known: {', '.join(sorted(FILTERS))}.")
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            raise TemplateFailed(f"There is no test “{node.name}”. Known: {', '.join(TESTS)}.")
    for node, _loops in found:
        if isinstance(node, nodes.For):
            node.iter = nodes.Filter(node.iter, "each step", [], [], None, None, lineno=node.lineno)


def _walk(node: nodes.Node, loops: int) -> Iterator[tuple[nodes.Node, int]]:
    if not isinstance(node, _ALLOWED) or (isinstance(node, nodes.For) and node.recursive):
        word = type(node).__name__.lower()
        raise TemplateFailed(f"Line {node.lineno or 1}: “{word}” may not be used here.")
    if isinstance(node, nodes.For):
        loops += 1
        if loops > MAX_LOOPS:
            raise TemplateFailed(f"Loops may stand {MAX_LOOPS} deep.")
    yield node, loops
    for child in node.iter_child_nodes():
        yield from _walk(child, loops)
