"""The library: everything published that the actor may see, by words and by what it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.contrib.postgres.search import CombinedSearchQuery, SearchHeadline, SearchRank
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce, ExtractYear, Left
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from incidents.models import IncidentService
from postmortems import library
from postmortems.choices import OPEN_ITEMS, FactorKind, SectionKey
from postmortems.models import ActionItem, ContributingFactor, Postmortem, PostmortemSection
from teams.actor import Actor

SIZE = 20
MOST_PAGES = 25
_SHOWN = 12
_LOOKED_AT = 20_000  # Letters of a document that are searched for a snippet.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MAX_ID = 2**31 - 1


@dataclass(frozen=True)
class Hit:
    """A published postmortem with a few of its words; those that were looked for stand in <mark>."""

    postmortem: Postmortem
    snippet: SafeString


@dataclass(frozen=True)
class Facet:
    """What one can narrow by. `choices`: (value, label, how many would be left)."""

    name: str
    label: str
    choices: list[tuple[str, str, int]]


@dataclass(frozen=True)
class Found:
    hits: list[Hit]
    total: int
    page: int
    pages: int
    facets: list[Facet] = field(default_factory=list)


def search(actor: Actor, values: Mapping[str, str], *, facets: bool = True) -> Found:
    """What `values` (`q`, the names of `FILTERS`, `page`) asks for; what cannot be read counts as not asked.

    Best first by words, newest first without; 25 pages of 20 at most. About twelve statements.
    """
    library.index_missing()
    query = library.query_of(values.get("q", ""))
    everything = published(actor)
    if query is not None:
        everything = everything.filter(search=query)
    asked = _asked(values)
    rows = _narrowed(everything, asked)
    total = rows.count()
    pages = min(max(-(-total // SIZE), 1), MOST_PAGES)
    page = min(_number(values.get("page", ""), 1), pages)
    hits = _hits(rows, query, page)
    found = [_facet(name, everything, asked) for name in FILTERS] if facets else []
    return Found(hits, total, page, pages, [each for each in found if each.choices])


def published(actor: Actor) -> QuerySet[Postmortem]:
    """What the library holds for this actor."""
    rows: QuerySet[Postmortem] = Postmortem.objects.visible_to(actor).filter(status__in=library.PUBLISHED)
    return rows


def _hits(rows: QuerySet[Postmortem], query: CombinedSearchQuery | None, page: int) -> list[Hit]:
    order = ["-published_at", "-pk"]
    if query is not None:
        rows, order = rows.annotate(rank=SearchRank(F("search"), query)), ["-rank", *order]
    rows = rows.select_related("incident__severity", "incident__team").defer("search").order_by(*order)
    shown = list(rows[(page - 1) * SIZE : page * SIZE])
    snippets = _snippets([row.pk for row in shown], query)
    return [Hit(row, marked(snippets.get(row.pk, ""))) for row in shown]


def _snippets(keys: Sequence[int], query: CombinedSearchQuery | None) -> dict[int, str]:
    """Key → words with markers around those that were looked for; the beginning of the summary without a query."""
    if not keys:
        return {}
    sections = PostmortemSection.objects.filter(postmortem__in=keys)
    if query is None:
        summaries = sections.filter(key=SectionKey.SUMMARY).annotate(start=Left("text", 300))
        return {pk: " ".join(text.split()) for pk, text in summaries.values_list("postmortem_id", "start")}
    words = Coalesce(
        Left(StringAgg("text", delimiter=" \n", order_by="pk"), _LOOKED_AT),
        Value(""),
        output_field=TextField(),
    )
    rows = sections.order_by().values("postmortem_id").annotate(words=words)
    found = rows.annotate(
        snippet=SearchHeadline(
            "words",
            query,
            config="english",
            start_sel=_OPEN,
            stop_sel=_CLOSE,
            max_fragments=2,
            max_words=28,
            min_words=12,
            fragment_delimiter=" … ",
        )
    )
    return dict(found.values_list("postmortem_id", "snippet"))


def marked(text: str) -> SafeString:
    """Safe HTML of a snippet: everything escaped, then the markers made to tags, always in pairs."""
    parts = []
    for index, part in enumerate(" ".join(text.split()).split(_OPEN)):
        word, closed, rest = part.partition(_CLOSE)
        if index and closed:
            parts.append(f"<mark>{escape(word)}</mark>{escape(rest.replace(_CLOSE, ''))}")
        else:
            parts.append(escape(part.replace(_CLOSE, "")))
    return mark_safe("".join(parts))  # noqa: S308 - every piece is escaped above


def _asked(values: Mapping[str, str]) -> dict[str, str]:
    return {name: values[name].replace("\0", "")[:120] for name in FILTERS if values.get(name)}


def _narrowed(rows: QuerySet[Postmortem], asked: Mapping[str, str], leave: str = "") -> QuerySet[Postmortem]:
    for name, value in asked.items():
        if name != leave:
            rows = rows.filter(FILTERS[name].condition(value))
    return rows


def _facet(name: str, everything: QuerySet[Postmortem], asked: Mapping[str, str]) -> Facet:
    """Counts under everything else that is asked, so that each says what choosing it would leave."""
    rule = FILTERS[name]
    rows = _narrowed(everything, asked, leave=name)
    choices = [(str(value), label, count) for value, label, count in rule.count(rows) if count]
    return Facet(name, str(rule.label()), choices)


def _number(text: str, low: int) -> int:
    return max(int(text), low) if text.isascii() and text.isdigit() and len(text) < 6 else low


# What one can narrow by.


@dataclass(frozen=True)
class Filter:
    label: Callable[[], str]
    condition: Callable[[str], Q]
    count: Callable[[QuerySet[Postmortem]], Iterable[tuple[Any, str, int]]]


def _grouped(rows: QuerySet[Postmortem], value: str, label: str) -> list[tuple[Any, str, int]]:
    counted = rows.order_by().values_list(value, label).annotate(count=Count("pk", distinct=True))
    found = counted.exclude(**{f"{value}__isnull": True}).order_by("-count", label)
    return list(found[:_SHOWN])


def _services(rows: QuerySet[Postmortem]) -> list[tuple[Any, str, int]]:
    links = IncidentService.objects.filter(incident__in=rows.values("incident")).order_by()
    counted = links.values_list("service__slug", "service__name").annotate(count=Count("pk"))
    return list(counted.order_by("-count", "service__name")[:_SHOWN])


def _factors(rows: QuerySet[Postmortem]) -> list[tuple[Any, str, int]]:
    uses = ContributingFactor.objects.filter(postmortem__in=rows.values("pk")).order_by()
    counted = uses.values_list("factor_id", "factor__name").annotate(count=Count("pk"))
    return list(counted.order_by("-count", "factor__name")[:_SHOWN])


def _kinds(rows: QuerySet[Postmortem]) -> list[tuple[Any, str, int]]:
    uses = ContributingFactor.objects.filter(postmortem__in=rows.values("pk")).order_by()
    counted = uses.values_list("factor__kind").annotate(count=Count("postmortem", distinct=True))
    return [(kind, str(FactorKind(kind).label), count) for kind, count in counted.order_by("-count")]


def _severities(rows: QuerySet[Postmortem]) -> list[tuple[Any, str, int]]:
    counted = rows.order_by().values_list("incident__severity").annotate(count=Count("pk"))
    found = counted.exclude(incident__severity=None).order_by("incident__severity")
    return [(rank, _("Sev %(rank)s") % {"rank": rank}, count) for rank, count in found]


def _years(rows: QuerySet[Postmortem]) -> list[tuple[Any, str, int]]:
    counted = (
        rows.order_by()
        .annotate(year=ExtractYear("published_at"))
        .values_list("year")
        .annotate(count=Count("pk"))
    )
    return [(year, str(year), count) for year, count in counted.order_by("-year")[:_SHOWN]]


def _any_item(*, open_only: bool) -> Exists:
    items = ActionItem.objects.filter(postmortem=OuterRef("pk"))
    return Exists(items.filter(status__in=OPEN_ITEMS) if open_only else items)


def _items(rows: QuerySet[Postmortem]) -> list[tuple[Any, str, int]]:
    counts = rows.order_by().aggregate(
        open=Count("pk", filter=_item_state("open")), done=Count("pk", filter=_item_state("done"))
    )
    return [("open", _("Some open"), counts["open"]), ("done", _("All done"), counts["done"])]


def _item_state(value: str) -> Q:
    if value == "open":
        return Q(_any_item(open_only=True))
    if value == "done":
        return Q(_any_item(open_only=False)) & ~Q(_any_item(open_only=True))
    return Q()


def _service_is(slug: str) -> Q:
    links = IncidentService.objects.filter(incident=OuterRef("incident"), service__slug=slug)
    return Q(Exists(links))


def _factor_is(**by: Any) -> Q:
    return Q(Exists(ContributingFactor.objects.filter(postmortem=OuterRef("pk"), **by)))


def _if_number(text: str, condition: Callable[[int], Q], most: int = _MAX_ID) -> Q:
    """Nothing fits what is no number."""
    if not (text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= most):
        return Q(pk__in=[])
    return condition(int(text))


FILTERS: dict[str, Filter] = {
    "team": Filter(
        lambda: _("Team"),
        lambda slug: Q(incident__team__slug=slug),
        lambda rows: _grouped(rows, "incident__team__slug", "incident__team__name"),
    ),
    "service": Filter(lambda: _("Service"), _service_is, _services),
    "severity": Filter(
        lambda: _("Severity"),
        lambda text: _if_number(text, lambda rank: Q(incident__severity=rank), 4),
        _severities,
    ),
    "kind": Filter(lambda: _("Kind of factor"), lambda kind: _factor_is(factor__kind=kind), _kinds),
    "factor": Filter(
        lambda: _("Factor"), lambda text: _if_number(text, lambda pk: _factor_is(factor_id=pk)), _factors
    ),
    "year": Filter(
        lambda: _("Year"),
        lambda text: _if_number(text, lambda year: Q(published_at__year=max(year, 1)), 9998),
        _years,
    ),
    "items": Filter(lambda: _("Action items"), _item_state, _items),
}
