"""What an announcement says, read once for all who are told."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from core.text import one_line
from statuspage.building.load import public_base
from statuspage.choices import (
    OVER,
    AnnouncementKind,
    ComponentStatus,
    NoticeKind,
    NoticeState,
    NoticeStatus,
)
from statuspage.models import Announcement, Component, Notice, NoticeUpdate, StatusPage, Subscriber
from statuspage.statuses import OVERALL, overall


@dataclass(frozen=True)
class News:
    """One announcement with what surrounds it. `indicator`: (indicator, description) of the page as it is now.
    `updates`: those of the notice, newest first."""

    row: Announcement
    page: StatusPage
    indicator: tuple[str, str]
    notice: Notice | None = None
    updates: Sequence[NoticeUpdate] = ()
    components: Sequence[Component] = ()
    component: Component | None = None

    @property
    def is_reminder(self) -> bool:
        return self.row.kind == AnnouncementKind.REMINDER


@dataclass(frozen=True)
class Words:
    """The news of a notice in one language. `parts`: (component, its state). Times are aware."""

    language: str
    title: str
    status: str
    body: str
    parts: Sequence[tuple[str, str]]
    url: str
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    next_update_at: dt.datetime | None

    @property
    def headline(self) -> str:
        return f"{self.status}: {self.title}"


def read(announcements: Iterable[Announcement]) -> dict[int, News]:
    """News by announcement; a number of statements that does not grow with them."""
    rows = {row.pk: row for row in announcements}
    pages = {page.pk: page for page in StatusPage.objects.filter(pk__in={r.page_id for r in rows.values()})}
    parts: dict[int, list[Component]] = defaultdict(list)
    for component in Component.objects.filter(page__in=pages):
        parts[component.page_id].append(component)
    impacts: dict[int, list[str]] = defaultdict(list)
    open_ones = Notice.objects.filter(page__in=pages, state=NoticeState.PUBLISHED).exclude(status__in=OVER)
    for page_id, impact in open_ones.exclude(status=NoticeStatus.SCHEDULED).values_list("page_id", "impact"):
        impacts[page_id].append(impact)
    indicators = {key: OVERALL[overall((each.status for each in parts[key]), impacts[key])] for key in pages}
    # What waits for its approval is nobody's business yet.
    published = Prefetch("updates", NoticeUpdate.objects.filter(state=NoticeState.PUBLISHED))
    wanted = Notice.objects.filter(pk__in={row.notice_id for row in rows.values() if row.notice_id})
    notices = {row.pk: row for row in wanted.prefetch_related(published, "components")}
    found: dict[int, News] = {}
    for row in rows.values():
        notice = notices.get(row.notice_id or 0)
        one = next((each for each in parts[row.page_id] if each.pk == row.component_id), None)
        if row.page_id not in pages or (notice is None and one is None):
            continue
        found[row.pk] = News(
            row,
            pages[row.page_id],
            indicators[row.page_id],
            notice,
            list(notice.updates.all()) if notice else (),
            list(notice.components.all()) if notice else (),
            one,
        )
    return found


def spoken(page: StatusPage, subscriber: Subscriber) -> str:
    """The subscriber's language, or the page's first when it no longer has theirs."""
    return subscriber.language if subscriber.language in page.languages else page.languages[0]


def words(news: News, language: str) -> Words:
    """What is told of a notice; the language must be active."""
    notice, update = news.notice, news.row.update
    assert notice is not None, "components are told of to webhooks alone"
    first = news.page.languages[0]
    prefix = "" if language == first else f"{language}/"
    said = update if update is not None else (news.updates[0] if news.updates else None)
    is_work = notice.kind == NoticeKind.MAINTENANCE
    return Words(
        language=language,
        title=one_line(notice.title_in.get(language) or notice.title, 200),
        status=_status(news),
        body=(said.body_in.get(language) or said.body) if said else "",
        parts=_parts(news),
        url=f"{public_base(news.page)}{prefix}incidents/{notice.public_id}/",
        starts_at=notice.scheduled_for if is_work else None,
        ends_at=notice.scheduled_until if is_work else None,
        next_update_at=update.next_update_at if update else None,
    )


def _status(news: News) -> str:
    if news.is_reminder:
        return _("Begins soon")
    notice, update = news.notice, news.row.update
    assert notice is not None
    assert update is not None
    if notice.cancelled_at is not None and update.status in OVER:
        return _("Cancelled")
    return str(NoticeStatus(update.status).label)


def _parts(news: News) -> list[tuple[str, str]]:
    """Components with the state this update gave them, else the one they are in."""
    given = {each.get("code"): each for each in (news.row.update.affected if news.row.update else ()) if each}
    found: dict[str, tuple[str, str]] = {}
    for row in news.components:
        status = (given.get(row.public_id) or {}).get("new_status") or row.status
        found[row.public_id] = (row.name, _label(status))
    for code, each in given.items():
        if code not in found:
            found[str(code)] = (str(each.get("name", "")), _label(str(each.get("new_status", ""))))
    return list(found.values())


def _label(status: str) -> str:
    return str(ComponentStatus(status).label) if status in ComponentStatus.values else status
