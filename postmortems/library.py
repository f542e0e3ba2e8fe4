"""The words of a postmortem as Postgres searches them: `Postmortem.search`, kept while it is published.

Each text goes in twice: stemmed as English, and as it is ('simple'), so that words of other languages are found too.
Weights: the title A; summary, causes and factors B; everything else, the whys and the action items C.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.postgres.search import (
    CombinedSearchQuery,
    CombinedSearchVector,
    SearchQuery,
    SearchQueryField,
    SearchVector,
)
from django.db.models import Value
from django.db.models.expressions import Combinable

from postmortems.choices import PostmortemStatus, SectionKey
from postmortems.models import Postmortem

PUBLISHED = (PostmortemStatus.PUBLISHED, PostmortemStatus.CLOSED)
CONFIGS = ("english", "simple")
MAX_QUERY = 200
_HEAVY = (SectionKey.SUMMARY, SectionKey.CAUSES)
# In bytes of UTF-8. A tsvector holds one megabyte; these go in twice.
_MOST = {"A": 2_000, "B": 60_000, "C": 160_000}
_LAZILY = 50


def index(postmortem_id: int) -> None:
    """Write the words of a document anew, in the caller's transaction; nothing for one that is not published.

    Whoever publishes, or changes a published document, its whys, factors or items, calls this. Five statements.
    """
    row: Postmortem | None = (
        Postmortem.objects.filter(pk=postmortem_id, status__in=PUBLISHED).select_related("incident").first()
    )
    if row is not None:
        Postmortem.objects.filter(pk=row.pk).update(search=_vector(_texts(row)))


def index_missing() -> None:
    """Index what was published without it, some at a time; one statement when nothing is missing."""
    rows = Postmortem.objects.filter(status__in=PUBLISHED, search__isnull=True).order_by("-pk")
    for pk in list(rows.values_list("pk", flat=True)[:_LAZILY]):
        index(pk)


def reindex_all() -> int:
    """Index every published document again; how many."""
    keys = list(Postmortem.objects.filter(status__in=PUBLISHED).order_by("pk").values_list("pk", flat=True))
    for pk in keys:
        index(pk)
    return len(keys)


def query_of(words: str) -> CombinedSearchQuery | None:
    """What people type, as a search: words, "a phrase", or, -without. None when nothing is asked."""
    asked = words.replace("\0", " ").strip()[:MAX_QUERY]
    if not asked:
        return None
    stemmed, plain = (SearchQuery(asked, config=name, search_type="websearch") for name in CONFIGS)
    return CombinedSearchQuery(stemmed, "||", plain, None, output_field=SearchQueryField())


def _texts(row: Postmortem) -> dict[str, str]:
    """Weight → text, cut to what a vector can hold."""
    heavy: list[str] = []
    light = [row.incident.impact]
    for key, text in row.sections.order_by("pk").values_list("key", "text"):
        (heavy if key in _HEAVY else light).append(text)
    for name, note in row.factors.values_list("factor__name", "note"):
        heavy += [name, note]
    for text, evidence in row.whys.values_list("text", "evidence"):
        light += [text, evidence]
    for title, detail in row.action_items.values_list("title", "detail"):
        light += [title, detail]
    return {"A": _cut([row.incident.title], "A"), "B": _cut(heavy, "B"), "C": _cut(light, "C")}


def _cut(texts: Iterable[str], weight: str) -> str:
    whole = "\n".join(text for text in texts if text).replace("\0", "")
    return whole.encode()[: _MOST[weight]].decode(errors="ignore")


def _vector(texts: dict[str, str]) -> Combinable:
    parts: list[SearchVector | CombinedSearchVector] = [
        SearchVector(Value(text), config=config, weight=weight)
        for weight, text in texts.items()
        for config in CONFIGS
    ]
    whole: Combinable = parts[0]
    for part in parts[1:]:
        whole = whole + part
    return whole
