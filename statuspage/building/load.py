"""Everything a page shows, read in a number of statements that does not grow with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet

from statuspage.choices import OVER, NoticeState
from statuspage.models import (
    Component,
    ComponentGroup,
    ComponentInterval,
    Metric,
    MetricPoint,
    Notice,
    NoticeUpdate,
    PageLogo,
    StatusPage,
    UptimeCorrection,
)
from statuspage.statuses import OVERALL, overall
from statuspage.uptime import Span, corrected

MAX_NOTICES = 500
# A little more than the thirteen months of the uptime page.
HISTORY = dt.timedelta(days=400)
METRIC_WINDOW = dt.timedelta(days=1)


@dataclass(frozen=True)
class Loaded:
    """A page with everything on it. `notices`: the published ones, newest first, each with updates and components.

    `spans`: component pk → how it did, corrected, oldest first, none overlapping.
    """

    page: StatusPage
    groups: Sequence[ComponentGroup]
    components: Sequence[Component]
    notices: Sequence[Notice]
    spans: dict[int, list[Span]]
    metrics: Sequence[tuple[Metric, list[tuple[dt.datetime, float]]]]
    logo: PageLogo | None
    now: dt.datetime
    zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", self.page.zone)

    @property
    def base(self) -> str:
        """Where customers find the page, with a slash at the end."""
        return public_base(self.page)

    @property
    def incidents(self) -> list[Notice]:
        return [row for row in self.notices if row.kind == "incident"]

    @property
    def maintenances(self) -> list[Notice]:
        return [row for row in self.notices if row.kind == "maintenance"]

    @property
    def open(self) -> list[Notice]:
        return [row for row in self.notices if row.status not in OVER]

    @property
    def rank(self) -> int:
        """How bad it is, 0 to 4, as in `statuses.OVERALL`."""
        going_on = [row.impact for row in self.open if row.status != "scheduled"]
        return overall([row.status for row in self.components], going_on)

    @property
    def indicator(self) -> tuple[str, str]:
        """(indicator, description) of the Statuspage format."""
        return OVERALL[self.rank]


def public_base(page: StatusPage) -> str:
    """Address of the page's root: its own domain, else below this installation."""
    if page.domain:
        return f"https://{page.domain}/"
    return f"{settings.BASE_URL}/status/{page.slug}/"


def load(page: StatusPage, now: dt.datetime) -> Loaded:
    """Read the page as it is to be shown at `now`."""
    updates = NoticeUpdate.objects.filter(state=NoticeState.PUBLISHED).order_by("-created_at", "-pk")
    published = Notice.objects.filter(page=page, state=NoticeState.PUBLISHED)
    notices = published.prefetch_related(Prefetch("updates", queryset=updates), "components__group")
    components = list(Component.objects.filter(page=page).select_related("group").order_by("position", "pk"))
    return Loaded(
        page=page,
        groups=list(ComponentGroup.objects.filter(page=page).order_by("position", "pk")),
        components=components,
        notices=_newest(notices.order_by("-started_at", "-pk")),
        spans=component_spans([row.pk for row in components], now),
        metrics=_metrics(page, now),
        logo=PageLogo.objects.filter(page=page).first(),
        now=now,
    )


def _newest(notices: QuerySet[Notice]) -> list[Notice]:
    """The newest, and older ones that are still open: what goes on is never left out."""
    found = list(notices[:MAX_NOTICES])
    if len(found) == MAX_NOTICES:
        found += notices.exclude(status__in=OVER).exclude(pk__in=[row.pk for row in found])
    return found


def component_spans(component_ids: Sequence[int], now: dt.datetime) -> dict[int, list[Span]]:
    """Component pk → how it did over the last 400 days, corrected; two statements."""
    since = now - HISTORY
    rows = ComponentInterval.objects.filter(component__in=component_ids, since__lt=now)
    recorded: dict[int, list[Span]] = {pk: [] for pk in component_ids}
    for row in rows.filter(Q(until=None) | Q(until__gt=since)).order_by("component_id", "since"):
        recorded[row.component_id].append(Span(row.status, row.since, min(row.until or now, now)))
    patches: dict[int, list[Span]] = {}
    found = UptimeCorrection.objects.filter(component__in=component_ids, until__gt=since)
    for patch in found.order_by("created_at", "pk"):
        patches.setdefault(patch.component_id, []).append(Span(patch.status, patch.since, patch.until))
    return {pk: corrected(spans, patches.get(pk, ())) for pk, spans in recorded.items()}


def _metrics(page: StatusPage, now: dt.datetime) -> list[tuple[Metric, list[tuple[dt.datetime, float]]]]:
    metrics = list(Metric.objects.filter(page=page, shown=True).order_by("position", "pk"))
    points: dict[int, list[tuple[dt.datetime, float]]] = {row.pk: [] for row in metrics}
    rows = MetricPoint.objects.filter(metric__in=metrics, at__gt=now - METRIC_WINDOW, at__lte=now)
    for metric_id, at, value in rows.order_by("at").values_list("metric_id", "at", "value"):
        points[metric_id].append((at, value))
    return [(row, points[row.pk]) for row in metrics]
