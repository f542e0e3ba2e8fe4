"""Matchers of labels, as Prometheus has them: `{severity="warning", service=~"web.*"}`.

A regular expression must match the whole value. A label that is missing is the empty text. The names
`@source` (kind of integration), `@severity`, `@title` and `@urgency` stand for the alert itself. Expressions
are of RE2, which takes linear time whatever the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import re2

from alerts.choices import MatchOp
from core.text import clean

MAX_MATCHERS = 20
MAX_NAME = 200
MAX_VALUE = 1000
MAX_PATTERN = 500
_MAX_MEMORY = 1 << 20
_PATTERNS = (MatchOp.MATCH, MatchOp.NOT_MATCH)

_NAME = r'(?P<name>"(?:[^"\\]|\\.)*"|[^\s"={}!~,]+)'
_OP = r"(?P<op>=~|!~|!=|=)"
_QUOTED = r'(?P<quoted>"(?:[^"\\]|\\.)*")'
_IN_LINE = re.compile(rf"\s*{_NAME}\s*{_OP}\s*(?:{_QUOTED}|(?P<plain>[^\"].*|))\s*", re.DOTALL)
_IN_BRACES = re.compile(rf"\s*{_NAME}\s*{_OP}\s*(?:{_QUOTED}|(?P<plain>[^\s\",{{}}]*))\s*", re.DOTALL)
_SIMPLE = re.compile(r'[^\s"={}!~,]+')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_WRITTEN = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r"}
_READ = {"n": "\n", "r": "\r"}


class MatcherError(ValueError):
    """A matcher that cannot be used; its text is the reason, for whoever wrote it."""


class Matcher(NamedTuple):
    """One condition on a label; all of a list must hold."""

    name: str
    op: str
    value: str

    def holds(self, found: str) -> bool:
        """Whether it holds of this value. `MatcherError` for a stored expression that does not compile."""
        if self.op == MatchOp.EQUAL:
            return found == self.value
        if self.op == MatchOp.NOT_EQUAL:
            return found != self.value
        return _matches(self.value, found) is (self.op == MatchOp.MATCH)

    def __str__(self) -> str:
        name = self.name if _SIMPLE.fullmatch(self.name) else _quote(self.name)
        return f"{name}{self.op}{_quote(self.value)}"


def facts(
    labels: Mapping[str, str], *, source: str, severity: str, title: str, urgency: str
) -> dict[str, str]:
    """What matchers look at: the labels, and the alert itself under names with @."""
    itself = {"@source": source, "@severity": severity, "@title": title, "@urgency": urgency}
    return {**labels, **itself}


def holds(matchers: Iterable[Matcher], of: Mapping[str, str]) -> bool:
    """Whether every matcher holds; no matchers hold of everything."""
    return all(matcher.holds(of.get(matcher.name, "")) for matcher in matchers)


def stored(rows: Any) -> tuple[Matcher, ...]:
    """Matchers from the database; `MatcherError` when they are not what was written there.

    Without `op` they mean "is".
    """
    try:
        found = tuple(Matcher(row["name"], row.get("op", MatchOp.EQUAL), row["value"]) for row in rows)
    except (TypeError, KeyError, AttributeError):
        raise MatcherError("The stored conditions cannot be read.") from None
    for matcher in found:
        if matcher.op not in MatchOp.values or not all(isinstance(part, str) for part in matcher):
            raise MatcherError("The stored conditions cannot be read.")
    return found


def checked(rows: Sequence[Mapping[str, Any] | Matcher]) -> list[dict[str, str]]:
    """Matchers as they are stored, after every check; `MatcherError` with the reason."""
    if len(rows) > MAX_MATCHERS:
        raise MatcherError(f"At most {MAX_MATCHERS} conditions.")
    return [_checked(row._asdict() if isinstance(row, Matcher) else row) for row in rows]


def _checked(row: Mapping[str, Any]) -> dict[str, str]:
    name, op = clean(str(row.get("name", ""))).strip(), str(row.get("op") or MatchOp.EQUAL)
    value = clean(str(row.get("value", "")))
    if not name or len(name) > MAX_NAME:
        raise MatcherError(f"A condition needs the name of a label, of at most {MAX_NAME} characters.")
    if op not in MatchOp.values:
        raise MatcherError(f"One of {', '.join(MatchOp.values)} between name and value.")
    if len(value) > (MAX_PATTERN if op in _PATTERNS else MAX_VALUE):
        limit = MAX_PATTERN if op in _PATTERNS else MAX_VALUE
        raise MatcherError(f"The value of {name[:60]} may have at most {limit} characters.")
    if op in _PATTERNS:
        _compiled(value)
    return {"name": name, "op": op, "value": value}


def parse(text: str) -> list[Matcher]:
    """Read `{name="value", …}`, or one matcher a line; `MatcherError` naming what cannot be read."""
    text = text.strip()
    if text.startswith("{"):
        if not text.endswith("}"):
            raise MatcherError("The closing } is missing.")
        return _in_braces(text[1:-1])
    return [_line(line) for line in re.split(r"\r?\n", text) if line.strip()]


def _line(line: str) -> Matcher:
    found = _IN_LINE.fullmatch(line.strip())
    if found is None:
        raise MatcherError(f"Write name=value, one a line; “{line.strip()[:60]}” cannot be read.")
    return _read(found)


def _in_braces(text: str) -> list[Matcher]:
    rows: list[Matcher] = []
    at = 0
    while text[at:].strip():
        found = _IN_BRACES.match(text, at)
        if found is None:
            raise MatcherError(f'Write name="value"; “{text[at:].strip()[:60]}” cannot be read.')
        rows.append(_read(found))
        at = found.end()
        if at < len(text):
            if text[at] != ",":
                raise MatcherError(f"A comma is missing before “{text[at : at + 60]}”.")
            at += 1
    return rows


def _read(found: re.Match[str]) -> Matcher:
    name, quoted = found["name"], found["quoted"]
    value = _unquote(quoted) if quoted is not None else found["plain"].strip()
    return Matcher(_unquote(name) if name.startswith('"') else name, found["op"], value)


def show(matchers: Iterable[Matcher]) -> str:
    """The one-line form; `parse` reads it back."""
    return f"{{{', '.join(str(matcher) for matcher in matchers)}}}"


def show_lines(matchers: Iterable[Matcher]) -> str:
    """One a line; `parse` reads it back."""
    return "\n".join(str(matcher) for matcher in matchers)


def _quote(text: str) -> str:
    return f'"{"".join(_WRITTEN.get(letter, letter) for letter in text)}"'


def _unquote(text: str) -> str:
    return _ESCAPE.sub(lambda found: _READ.get(found[1], found[1]), text[1:-1])


@lru_cache(maxsize=2048)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem, options.log_errors, options.dot_nl = _MAX_MEMORY, False, True
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        told = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise MatcherError(f"The expression “{pattern[:60]}” does not compile: {told}.") from None
    except UnicodeEncodeError:
        raise MatcherError("The expression holds letters that cannot be stored.") from None


@lru_cache(maxsize=8192)
def _matches(pattern: str, value: str) -> bool:
    """Label values repeat: asking again costs nothing."""
    return _compiled(pattern).fullmatch(value) is not None
