"""One neutral structure of a postmortem, from which every export is made. Times are UTC."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import clock
from incidents.choices import Visibility
from postmortems.choices import SectionKey
from postmortems.exporting.naming import Namer
from postmortems.models import Postmortem, PostmortemImage
from postmortems.writing.markdown import image_ids
from postmortems.writing.whys import Why, tree_of

_NAMED_TIMES = (
    ("impact_started_at", "Impact began"),
    ("detected_at", "Detected"),
    ("acknowledged_at", "Acknowledged"),
    ("mitigated_at", "Mitigated"),
    ("resolved_at", "Resolved"),
)


@dataclass(frozen=True)
class Part:
    """A section. `author`: a role, a name if they asked for it, '' when unknown or hidden."""

    key: str
    label: str
    state: str
    text: str
    version: int
    author: str


@dataclass
class Node:
    """A why as it leaves; fits `postmortems.writing.whys.Row`."""

    pk: int
    parent_id: int | None
    text: str
    gate: str
    evidence: str


@dataclass(frozen=True)
class FactorShown:
    kind: str
    name: str
    note: str


@dataclass(frozen=True)
class ItemShown:
    pk: int
    title: str
    item_class: str
    priority: str
    status: str
    owner: str
    due_on: str
    detail: str
    proof: str
    proof_link: str
    ticket: str
    url: str


@dataclass(frozen=True)
class Paper:
    """The whole document. `facts`: (what, value) in order. `made_at`: ISO 8601 UTC."""

    pk: int
    number: int
    title: str
    status: str
    language: str
    url: str
    made_at: str
    version: int
    facts: list[tuple[str, str]]
    parts: list[Part]
    whys: list[Node]
    factors: list[FactorShown]
    items: list[ItemShown]
    images: list[PostmortemImage] = field(default_factory=list)

    @property
    def roots(self) -> list[Why]:
        return tree_of(self.whys)

    @property
    def name(self) -> str:
        """The beginning of the names of its files."""
        return f"postmortem-{self.number}"

    def as_json(self) -> dict[str, Any]:
        """Everything but where pictures are stored."""
        plain = asdict(self) | {"facts": [{"name": name, "value": value} for name, value in self.facts]}
        plain["images"] = [
            {
                "id": row.pk,
                "name": row.name,
                "content_type": row.content_type,
                "size": row.size,
                "width": row.width,
                "height": row.height,
                "sha256": row.sha256,
                "file": image_file(row),
            }
            for row in self.images
        ]
        return plain


def paper_of(postmortem: Postmortem, namer: Namer | None = None, now: dt.datetime | None = None) -> Paper:
    """The document by role. Whoever calls has seen to it that the reader may see it. About sixteen statements, and
    those of `Namer`."""
    namer = namer or Namer(postmortem)
    incident = postmortem.incident
    parts = _parts(postmortem, namer)
    wanted = {pk for part in parts for pk in image_ids(part.text)}
    return Paper(
        pk=postmortem.pk,
        number=incident.number,
        title=namer.text(incident.title),
        status=str(postmortem.get_status_display()),
        language=get_language() or "en",
        url=absolute(postmortem.get_absolute_url()),
        made_at=iso(now or clock.now()),
        version=postmortem.version,
        facts=_facts(postmortem, namer),
        parts=parts,
        whys=[
            Node(row.pk, row.parent_id, namer.text(row.text), row.gate, namer.text(row.evidence))
            for row in postmortem.whys.order_by("position", "pk")
        ],
        factors=[
            FactorShown(str(row.factor.get_kind_display()), namer.text(row.factor.name), namer.text(row.note))
            for row in postmortem.factors.select_related("factor").order_by(
                "factor__kind", "factor__name", "pk"
            )
        ],
        items=items_of(postmortem, namer),
        images=list(PostmortemImage.objects.filter(postmortem=postmortem, pk__in=wanted).order_by("pk")),
    )


def items_of(postmortem: Postmortem, namer: Namer) -> list[ItemShown]:
    rows = postmortem.action_items.select_related("owner", "ticket").order_by("due_on", "pk")
    return [
        ItemShown(
            pk=row.pk,
            title=namer.text(row.title),
            item_class=str(row.get_item_class_display()),
            priority=str(row.get_priority_display()),
            status=str(row.get_status_display()),
            owner=namer.person(row.owner),
            due_on=row.due_on.isoformat() if row.due_on else "",
            detail=namer.text(row.detail),
            proof=namer.text(row.proof),
            proof_link=row.proof_link,
            ticket=row.ticket.url if hasattr(row, "ticket") else "",
            url=absolute(f"/action-items/{row.pk}/"),
        )
        for row in rows
    ]


def _parts(postmortem: Postmortem, namer: Namer) -> list[Part]:
    rows = {row.key: row for row in postmortem.sections.select_related("author")}
    return [
        Part(
            key=key,
            label=str(SectionKey(key).label),
            state=str(rows[key].get_state_display()),
            text=namer.text(rows[key].text),
            version=rows[key].version,
            author="" if rows[key].author_hidden else namer.person(rows[key].author),
        )
        for key in SectionKey.values
        if key in rows
    ]


def _facts(postmortem: Postmortem, namer: Namer) -> list[tuple[str, str]]:
    incident = postmortem.incident
    services = incident.service_rows.select_related("service").order_by("position", "pk")
    facts = [
        (_("Incident"), f"#{incident.number}"),
        (_("Seen by"), _("Invited people only") if incident.visibility != Visibility.OPEN else ""),
        (_("Severity"), str(incident.severity or "")),
        (_("Team"), str(incident.team or "")),
        (_("Services"), ", ".join(row.service.name for row in services)),
    ]
    facts += [(_(label), stamp(getattr(incident, name))) for name, label in _NAMED_TIMES]
    if incident.resolved_at:
        facts.append((_("Lasted"), length(incident.resolved_at - incident.started_at)))
    facts += [
        (_("Document"), str(postmortem.get_status_display())),
        (_("Owner"), namer.person(postmortem.owner)),
        (_("Reviewed"), stamp(postmortem.reviewed_at)),
        (_("Published"), stamp(postmortem.published_at)),
    ]
    return [(name, value) for name, value in facts if value]


def absolute(path: str) -> str:
    return f"{settings.BASE_URL.rstrip('/')}{path}"


def iso(moment: dt.datetime | None) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z") if moment else ""


def stamp(moment: dt.datetime | None) -> str:
    """As people read it: 2026-11-20 03:00 UTC."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC" if moment else ""


def length(lasted: dt.timedelta) -> str:
    minutes = max(round(lasted.total_seconds() / 60), 0)
    hours, left = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)s min") % {"minutes": minutes}
    return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": left}


_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}


def image_file(row: PostmortemImage) -> str:
    """The name of a picture in a bundle; nothing of what the uploader called it."""
    return f"images/{row.pk}.{_SUFFIXES.get(row.content_type, 'bin')}"


def written(parts: Sequence[Part]) -> list[Part]:
    """Those that say something."""
    return [part for part in parts if part.text.strip()]
