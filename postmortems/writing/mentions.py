"""`@name` in a text. A mention is an at sign and somebody's full name as it is shown; case does not matter.

Pure but for `people_named`, one statement for any number of texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from django.db.models.functions import Lower

from teams.models import User

_WORDS = 5
MOST = 30
_CANDIDATE = re.compile(rf"(?<![\w@/.])@(\w[\w'’.-]*(?: \w[\w'’.-]*){{0,{_WORDS - 1}}})")
_CODE = re.compile(r"(?:^|\n)(```|~~~).*?(?:\n\1|\Z)|`[^`\n]+`", re.DOTALL)


def candidates(text: str) -> set[str]:
    """Everything after an at sign that could be a name, in lower case."""
    return {name.lower() for match in _CANDIDATE.finditer(text) for name in _starts(match[1])}


def people_named(texts: Iterable[str]) -> dict[str, set[int]]:
    """Names (lower case) that are mentioned in these texts → the ids of active people of that name."""
    wanted: set[str] = set()
    for text in texts:
        if "@" in text:
            wanted |= candidates(text)
    if not wanted:
        return {}
    rows = User.objects.filter(is_active=True).annotate(lower=Lower("name")).filter(lower__in=wanted)
    found: dict[str, set[int]] = {}
    for pk, name in rows.values_list("pk", "lower"):
        found.setdefault(name, set()).add(pk)
    return found


def mentioned(text: str, people: Mapping[str, Collection[int]]) -> set[int]:
    """Ids of the people mentioned in the text, outside of code."""
    plain = _CODE.sub(" ", text)
    return {
        pk for kind, name in pieces(plain, people) if kind == "mention" for pk in people[name[1:].lower()]
    }


def pieces(text: str, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """The text cut into ("text", …) and ("mention", "@Ada Lovelace"), the longest known name first."""
    at = 0
    for match in _CANDIDATE.finditer(text):
        name = next((one for one in _starts(match[1]) if one.lower() in names), None)
        if name is None:
            continue
        if match.start() > at:
            yield "text", text[at : match.start()]
        at = match.start() + 1 + len(name)
        yield "mention", text[match.start() : at]
    if at < len(text):
        yield "text", text[at:]


def replaced(text: str, names: Collection[str], become: Callable[[str], str]) -> str:
    """The text with each mention exchanged for what `become` makes of the name (lower case)."""
    return "".join(
        become(part[1:].lower()) if kind == "mention" else part for kind, part in pieces(text, names)
    )


def _starts(words: str) -> list[str]:
    """The words, then without the last one, and so on; each also without what ends a sentence."""
    parts = words.split(" ")
    found: list[str] = []
    for size in range(len(parts), 0, -1):
        whole = " ".join(parts[:size])
        short = whole.rstrip(".'’-_")
        possessive = re.sub(r"['’]s$", "", short)
        found += [one for one in dict.fromkeys((whole, short, possessive)) if one]
    return found
