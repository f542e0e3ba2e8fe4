"""Words that look for somebody to blame, and what to write instead. Pure; a hint, never a refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MOST = 20
_JUDGING_LATER = _("Say what was known at that moment, and what made the choice look right.")
_WHO = _("Say what made it easy to get wrong; a person is never the cause.")
_CARE = _("Describe what the person saw and was busy with, without judging it.")
_PLAIN = _("It was not plain at the time. Say what would have made it visible.")
_WHY = _("Ask how it made sense at the time instead of why it was not done.")

_RULES: tuple[tuple[str, Promise], ...] = (
    (
        r"(?:should|could|ought to|must) (?:have|not have|never have)|(?:shouldn|couldn)['’]t have",
        _JUDGING_LATER,
    ),
    (r"should['’]ve|could['’]ve|would have been (?:easy|simple)|if only", _JUDGING_LATER),
    (
        r"(?:human|operator|user|pilot) (?:error|mistake|failure)|at fault|to blame|(?:his|her|their) fault",
        _WHO,
    ),
    (r"(?:his|her|their) mistake|made a mistake|guilty|culprit|responsible for the outage", _WHO),
    (
        r"careless(?:ly|ness)?|negligen(?:t|tly|ce)|sloppy|sloppily|incompeten(?:t|ce)|lazy|lazily|stupid",
        _CARE,
    ),
    (
        r"reckless(?:ly)?|inattenti(?:ve|on)|not pay(?:ing)? attention|did(?:n['’]t| not) bother|ignored",
        _CARE,
    ),
    (
        r"fail(?:ed|s|ing)? to|forg[eo]t(?:ten)?(?: to)?|neglected to|overlooked|did(?:n['’]t| not) think",
        _CARE,
    ),
    (
        r"obvious(?:ly)?|clearly|of course|simply had to|just had to|only had to|common sense|everybody knows",
        _PLAIN,
    ),
    (r"why did(?:n['’]t| not)|who (?:did|broke|caused) (?:this|it)|who is responsible", _WHY),
)
_COMPILED = tuple((re.compile(rf"\b(?:{words})(?!\w)", re.IGNORECASE), hint) for words, hint in _RULES)


@dataclass(frozen=True)
class Hint:
    """`phrase` as it was written, in which line (from 1), and a gentle suggestion."""

    phrase: str
    line: int
    suggestion: str


def hints(text: str) -> list[Hint]:
    """What to think about once more, in the order of the text; each phrase once, at most `MOST`."""
    found: dict[str, tuple[int, Hint]] = {}
    for pattern, suggestion in _COMPILED:
        for match in pattern.finditer(text):
            phrase = match.group()
            key = phrase.lower()
            if key not in found or match.start() < found[key][0]:
                line = text.count("\n", 0, match.start()) + 1
                found[key] = (match.start(), Hint(phrase, line, str(suggestion)))
            if len(found) > 4 * MOST:
                break
    return [hint for _at, hint in sorted(found.values(), key=lambda row: row[0])][:MOST]
