"""The pages people read, in one language. Links are relative, so that the same bytes serve below
`/status/<slug>/`, at the root of a domain and from a folder of files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from statuspage.building import assets, bars, charts
from statuspage.building.load import Loaded, public_base
from statuspage.building.shapes import stamp
from statuspage.choices import OVER, ComponentStatus, Language, NoticeStatus
from statuspage.models import Component, ComponentGroup, Notice, NoticeUpdate, StatusPage
from statuspage.statuses import RANK, worst

RECENT = dt.timedelta(days=15)
_MOMENT = {
    "en": "j M Y, H:i",
    "de": "j. N Y, H:i",
    "es": "j b Y, H:i",
    "fr": "j N Y à H:i",
    "ja": "Y年n月j日 H:i",
}
_DAY = {"en": "j F Y", "de": "j. F Y", "es": r"j \d\e F \d\e Y", "fr": "j F Y", "ja": "Y年n月j日"}
_MONTH = {"en": "F Y", "de": "F Y", "es": r"F \d\e Y", "fr": "F Y", "ja": "Y年n月"}
_SHORT_MONTH = {"en": "M Y", "de": "N Y", "es": "b Y", "fr": "N Y", "ja": "Y年n月"}


@dataclass(frozen=True)
class Said:
    """An update in the language of the page."""

    row: NoticeUpdate
    body: str


@dataclass(frozen=True)
class Told:
    """A notice in the language of the page, its updates newest first."""

    row: Notice
    title: str
    updates: Sequence[Said]
    components: str

    @property
    def over(self) -> bool:
        return self.row.status in OVER


@dataclass(frozen=True)
class Part:
    """A component and its bars; None where it shows none."""

    row: Component
    rank: int
    bars: bars.Bars | None


@dataclass(frozen=True)
class Section:
    """A group, or components that stand alone (`row` None)."""

    row: ComponentGroup | None
    status: str
    label: str
    rank: int
    parts: Sequence[Part]

    @property
    def open(self) -> bool:
        return self.row is None or not self.row.folded or self.rank > 0


def shell(page: StatusPage, language: str, root: str) -> dict[str, Any]:
    """What the frame around every page needs. `root`: the way from the file to the page's root, such as `../`.

    Pages that Django serves beside the files use it too, so it reads nothing.
    """
    first = page.languages[0]
    return {
        "page": page,
        "language": language,
        "root": root,
        "home": root if language == first else f"{root}{language}/",
        "base": public_base(page),
        "app_base": settings.BASE_URL,
        "style": assets.style_name(page),
        "script": assets.script_name(),
        "moment": _MOMENT[language],
        "day": _DAY[language],
        "month": _MONTH[language],
        "short_month": _SHORT_MONTH[language],
        "languages": [(code, Language(code).label) for code in page.languages],
    }


class Pages:
    """The pages of one language; what several of them show is worked out once."""

    def __init__(self, loaded: Loaded, language: str) -> None:
        self.loaded = loaded
        self.language = language

    def index(self) -> bytes:
        """The state now: what is wrong first, then all parts, planned work and what was lately."""
        loaded = self.loaded
        going_on = [row for row in loaded.open if row.kind == "incident"]
        planned = sorted((row for row in loaded.open if row.kind == "maintenance"), key=_begins)
        recent = [
            row
            for row in loaded.notices
            if row.status in OVER and (row.resolved_at or row.started_at) > loaded.now - RECENT
        ]
        return self._render(
            "index",
            "",
            lambda: {
                "rank": loaded.rank,
                "word": self._word(),
                "sentence": self._sentence(),
                "open": [self._told(row) for row in going_on],
                "under_way": [self._told(row) for row in planned if row.status != "scheduled"],
                "planned": [self._told(row) for row in planned if row.status == "scheduled"],
                "sections": self.sections,
                "metrics": [charts.chart(metric, points, loaded.now) for metric, points in loaded.metrics],
                "recent": [self._told(row) for row in recent[:10]],
                "shows_uptime": loaded.page.shows_uptime,
            },
        )

    def notice(self, notice: Notice) -> bytes:
        """One notice with everything said about it."""
        return self._render("notice", f"incidents/{notice.public_id}/", lambda: {"told": self._told(notice)})

    def history(self, name: str, *, newest: bool = False) -> bytes:
        """A quarter of the year, its months newest first."""
        found = quarters(self.loaded)
        names = list(found)
        at = names.index(name)
        months: dict[dt.date, list[Told]] = {}
        for row in found[name]:
            day = row.started_at.astimezone(self.loaded.zone).date().replace(day=1)
            months.setdefault(day, []).append(self._told(row))
        return self._render(
            "history",
            "history/" if newest else f"history/{name}/",
            lambda: {
                "months": list(months.items()),
                "older": names[at + 1] if at + 1 < len(names) else "",
                "newer": names[at - 1] if at > 0 else "",
            },
        )

    def uptime(self) -> bytes:
        """Availability of each part by calendar month."""
        return self._render(
            "uptime",
            "uptime/",
            lambda: {"table": bars.table(self.loaded, self.loaded.components)},
        )

    def missing(self) -> bytes:
        """What is not there."""
        return self._render("missing", "", dict, absolute=True)

    @cached_property
    def sections(self) -> list[Section]:
        """Components as they stand on the page: groups and what stands alone, by position."""
        loaded = self.loaded
        shown = [
            row
            for row in loaded.components
            if row.status != ComponentStatus.OPERATIONAL or not row.only_show_if_degraded
        ]
        found: list[tuple[tuple[int, int], Section]] = []
        for group in loaded.groups:
            inside = [row for row in shown if row.group_id == group.pk]
            if inside:
                found.append(((group.position, 1), self._section(group, inside)))
        alone: list[Component] = []
        for row in (row for row in shown if row.group_id is None):
            if alone and any(alone[-1].position < at[0] <= row.position for at, _section in found):
                found.append(((alone[0].position, 0), self._section(None, alone)))
                alone = []
            alone.append(row)
        if alone:
            found.append(((alone[0].position, 0), self._section(None, alone)))
        return [section for _at, section in sorted(found, key=lambda entry: entry[0])]

    def _section(self, group: ComponentGroup | None, rows: Sequence[Component]) -> Section:
        status = worst(row.status for row in rows)
        return Section(
            group,
            status,
            str(ComponentStatus(status).label),
            RANK[ComponentStatus(status)],
            [Part(row, RANK[ComponentStatus(row.status)], self._bars(row)) for row in rows],
        )

    def _bars(self, row: Component) -> bars.Bars | None:
        if not (self.loaded.page.shows_uptime and row.showcase):
            return None
        return bars.bars(self.loaded, row)

    def _told(self, notice: Notice) -> Told:
        updates = [Said(row, row.body_in.get(self.language) or row.body) for row in notice.updates.all()]
        names = ", ".join(row.name for row in notice.components.all())
        return Told(notice, notice.title_in.get(self.language) or notice.title, updates, names)

    def _word(self) -> str:
        """The one word of the headline."""
        return (
            _("Operational"),
            _("Maintenance"),
            _("Degraded"),
            _("Partial outage"),
            _("Major outage"),
        )[self.loaded.rank]

    def _sentence(self) -> str:
        affected = [row for row in self.loaded.components if row.status != ComponentStatus.OPERATIONAL]
        if not self.loaded.rank:
            return _("All systems work as they should.")
        if not affected:
            return _("See the notice below.")
        names = ", ".join(row.name for row in sorted(affected, key=_gravest)[:4])
        rest = len(affected) - 4
        if rest > 0:
            text = ngettext(
                "Affected: %(names)s and %(count)d more.", "Affected: %(names)s and %(count)d more.", rest
            )
            return text % {"names": names, "count": rest}
        return _("Affected: %(names)s.") % {"names": names}

    def _render(self, template: str, at: str, context: Any, *, absolute: bool = False) -> bytes:
        first = self.loaded.page.languages[0]
        prefix = "" if self.language == first else f"{self.language}/"
        root = "../" * f"{prefix}{at}".count("/") or "./"
        if absolute:
            root = self.loaded.base
        with translation.override(self.language), timezone.override(self.loaded.zone):
            frame = {
                **shell(self.loaded.page, self.language, root),
                "at": at,
                "logo": assets.logo_name(self.loaded),
                "logo_row": self.loaded.logo,
                "rank": self.loaded.rank,
                "word": self._word(),
                "updated": self.loaded.page.updated_at,
                "version": stamp(self.loaded.page.updated_at),
                **context(),
            }
            return render_to_string(f"statuspage/public/{template}.html", frame).encode()


def widget(loaded: Loaded) -> bytes:
    """A line for other people's sites, in a frame."""
    pages = Pages(loaded, loaded.page.languages[0])
    return pages._render("widget", "", lambda: {"sentence": pages._sentence()})


def quarters(loaded: Loaded) -> dict[str, list[Notice]]:
    """`2026-q4` → the notices that began in it; newest first, the present one always there."""
    present = loaded.now.astimezone(loaded.zone)
    found: dict[str, list[Notice]] = {_quarter(present): []}
    for row in loaded.notices:
        if row.kind == "maintenance" and row.status == NoticeStatus.SCHEDULED:
            continue
        found.setdefault(_quarter(row.started_at.astimezone(loaded.zone)), []).append(row)
    return dict(sorted(found.items(), reverse=True))


def _quarter(at: dt.datetime) -> str:
    return f"{at.year}-q{(at.month - 1) // 3 + 1}"


def _begins(row: Notice) -> Any:
    return row.scheduled_for, row.pk


def _gravest(row: Component) -> tuple[int, int]:
    return -RANK[ComponentStatus(row.status)], row.position
