"""Published postmortems that tell something about an incident: the same services, factors or words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import BooleanField, Case, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Left
from django.utils.translation import gettext as _

from incidents.models import Incident, IncidentService
from postmortems.choices import SectionKey
from postmortems.library import CONFIGS
from postmortems.models import ContributingFactor, Postmortem, PostmortemSection
from postmortems.selectors.library import published
from teams.actor import Actor

_WORDS = 12
_CANDIDATES = 40
_NEEDED_WORDS = 2
_LINE = 240
# Words of four letters and more that stand in every other report and so make none alike.
_COMMON = (
    "about after afternoon again alert alerts almost also always another because before being between "
    "both cannot could customer customers days does doing done down during each eight either eleven else "
    "error errors evening ever every everybody everything fail failed failing fails failure failures "
    "first five four from good half have having here hour hours hundred incident incidents into issue "
    "issues just last later least less like list lists little long made make many million minute minutes "
    "month more morning most much must near need needs never night nine nobody none nothing often only "
    "open other outage outages over page pages part people percent person problem problems right same "
    "second seconds seen service services seven several should show showed showing shows since some "
    "somebody start started still stop stopped such system systems take taken than that their them then "
    "there these they thing things this those though thousand three through time times today twelve under "
    "until user users very wait want week weeks well went were what when where which while will with "
    "without work working works would wrong yesterday"
)
_SAY_LITTLE = frozenset(_COMMON.split())


@dataclass(frozen=True)
class Similar:
    """A published postmortem, what it has in common with the incident, and what it says in a line each."""

    postmortem: Postmortem
    services: list[str]
    factors: list[str]
    words: list[str]
    summary: str
    helped: str

    @property
    def reason(self) -> str:
        """ "Same service payments, same words: timeout, gateway"."""
        parts = []
        if self.services:
            head = _("same services") if len(self.services) > 1 else _("same service")
            parts.append(f"{head} {', '.join(self.services)}")
        if self.factors:
            head = _("same factors") if len(self.factors) > 1 else _("same factor")
            parts.append(f"{head} {', '.join(self.factors)}")
        if self.words:
            parts.append(_("same words: %(words)s") % {"words": ", ".join(self.words)})
        said = ", ".join(parts)
        return said[:1].upper() + said[1:]

    @property
    def score(self) -> float:
        rank: float = getattr(self.postmortem, "rank", 0.0) or 0.0
        return 3 * len(self.services) + 2 * len(self.factors) + len(self.words) + min(rank, 1.0)


def similar_to(incident: Incident, actor: Actor, limit: int = 5) -> list[Similar]:
    """The likeliest first, among what the actor sees; one statement.

    It takes a service or a factor in common, or two words of the incident's title and impact.
    """
    words = words_of(f"{incident.title} {incident.impact}")
    rows = _rows(incident, actor, words)
    found = [_similar(row, words) for row in rows[:_CANDIDATES]]
    kept = [each for each in found if each.services or each.factors or len(each.words) >= _NEEDED_WORDS]
    return sorted(kept, key=lambda each: (-each.score, -each.postmortem.pk))[:limit]


def words_of(text: str) -> list[str]:
    """The words that may tell something, as they stand, each once."""
    words = dict.fromkeys(re.findall(r"[^\W_]{4,40}", text.lower().replace("\0", " ")))
    telling = [word for word in words if word not in _SAY_LITTLE]
    # "Orders" says nothing beside "order": both are found by the same stem.
    return [word for word in telling if not (word.endswith("s") and word[:-1] in words)][:_WORDS]


def _rows(incident: Incident, actor: Actor, words: list[str]) -> QuerySet[Any]:
    own = IncidentService.objects.filter(incident=incident).values("service_id")
    mine = ContributingFactor.objects.filter(postmortem__incident=incident).values("factor_id")
    services = IncidentService.objects.filter(incident=OuterRef("incident"), service_id__in=own)
    factors = ContributingFactor.objects.filter(postmortem=OuterRef("pk"), factor_id__in=mine)
    asked = {f"word_{index}": _matches(word) for index, word in enumerate(words)}
    rows = (
        published(actor)
        .exclude(incident=incident)
        .annotate(
            shared_services=ArraySubquery(services.order_by("service__name").values("service__name")),
            shared_factors=ArraySubquery(factors.order_by("factor__name").values("factor__name")),
            said_summary=_said(SectionKey.SUMMARY),
            said_recovery=_said(SectionKey.RECOVERY),
            rank=_rank(words),
            **{
                name: Case(When(match, then=True), default=False, output_field=BooleanField())
                for name, match in asked.items()
            },
        )
    )
    common = Q(shared_services__len__gt=0) | Q(shared_factors__len__gt=0)
    for match in asked.values():
        common |= match
    return rows.filter(common).select_related("incident__severity").defer("search").order_by("-rank", "-pk")


def _matches(word: str) -> Q:
    stemmed, plain = (SearchQuery(word, config=name, search_type="plain") for name in CONFIGS)
    # A stop word is nothing in English and would be found everywhere as it stands.
    return Q(search=stemmed) if word.isascii() else Q(search=stemmed) | Q(search=plain)


def _rank(words: list[str]) -> Any:
    if not words:
        return Value(0.0)
    query = SearchQuery(" or ".join(words), config=CONFIGS[0], search_type="websearch")
    return SearchRank(F("search"), query)


def _said(key: str) -> Subquery:
    texts = PostmortemSection.objects.filter(postmortem=OuterRef("pk"), key=key)
    return Subquery(texts.values(start=Left("text", 1000))[:1], output_field=TextField())


def _similar(row: Any, words: list[str]) -> Similar:
    found = [word for index, word in enumerate(words) if getattr(row, f"word_{index}")]
    return Similar(
        row,
        row.shared_services,
        row.shared_factors,
        found,
        first_line(row.said_summary or ""),
        first_line(row.said_recovery or ""),
    )


def first_line(text: str) -> str:
    """The first paragraph as plain words, at most 240 letters."""
    plain = re.sub(r"!?\[([^\]\n]*)\]\([^)\n]*\)", r"\1", text)
    lines = [re.sub(r"^[#>*+\-\s]+|[*_`|]", "", line).strip() for line in plain.splitlines()]
    # A line that ends in a colon is the head of what follows.
    said, taken = "", False
    for line in lines:
        if line and (not said or taken):
            said, taken = f"{said} {line}".strip(), line.endswith(":")
        elif said and not taken:
            break
    return said if len(said) <= _LINE else f"{said[: _LINE - 1].rstrip()}…"
