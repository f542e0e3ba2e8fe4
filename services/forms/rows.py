"""The rows of a service's form: links, dependencies, contacts, environments. They work without script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from oncall.rows import numbers, operation, rearranged, whole
from services.choices import EdgeKind, LinkKind
from services.models import Dependency, Service, ServiceLink
from teams.actor import Actor


@dataclass
class LinkRow:
    kind: str = LinkKind.RUNBOOK
    title: str = ""
    url: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def blank(self) -> bool:
        return not (self.title.strip() or self.url.strip())


@dataclass
class EdgeRow:
    """`upstream`: the address, id or exact name of another service, as typed."""

    upstream: str = ""
    kind: str = EdgeKind.HARD
    note: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def blank(self) -> bool:
        return not self.upstream.strip()


@dataclass
class ContactRow:
    part: str = ""
    user: int | None = None
    value: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def blank(self) -> bool:
        return not (self.part.strip() or self.value.strip() or self.user)


@dataclass
class EnvironmentRow:
    """`regions`: words between commas."""

    environment: int | None = None
    regions: str = ""
    url: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def blank(self) -> bool:
        return self.environment is None


@dataclass
class Rows:
    """All rows of one form, as stored or as typed."""

    links: list[LinkRow]
    edges: list[EdgeRow]
    contacts: list[ContactRow]
    environments: list[EnvironmentRow]

    def filled(self) -> Rows:
        """Without the blank ones."""
        return Rows(
            [link for link in self.links if not link.blank],
            [edge for edge in self.edges if not edge.blank],
            [contact for contact in self.contacts if not contact.blank],
            [place for place in self.environments if not place.blank],
        )

    def values(self) -> dict[str, Any]:
        """What the actions take, but for the dependencies."""
        return {
            "links": [{"kind": row.kind, "title": row.title, "url": row.url} for row in self.links],
            "contacts": [
                {"part": row.part, "user_id": row.user, "value": row.value} for row in self.contacts
            ],
            "environments": [
                {"environment_id": row.environment, "regions": row.regions.split(","), "url": row.url}
                for row in self.environments
            ],
        }


def stored(service: Service | None, actor: Actor) -> Rows:
    """The rows of a service, and a blank one to write into where there is none."""
    if service is None:
        return Rows([LinkRow()], [EdgeRow()], [], [])
    links = ServiceLink.objects.filter(service=service).order_by("position", "pk")
    edges = Dependency.objects.visible_to(actor).filter(downstream=service).select_related("upstream")
    return Rows(
        [*(LinkRow(row.kind, row.title, row.url) for row in links), LinkRow()],
        [
            *(EdgeRow(row.upstream.slug, row.kind, row.note) for row in edges.order_by("upstream__name")),
            EdgeRow(),
        ],
        [ContactRow(row.part, row.user_id, row.value) for row in service.contacts.all()],
        [
            EnvironmentRow(row.environment_id, ", ".join(row.regions), row.url)
            for row in service.environment_rows.all()
        ],
    )


def typed(data: QueryDict) -> Rows:
    """The rows as typed, after a pressed `add…` or `remove…` button."""

    def text(name: str, number: int) -> str:
        return data.get(f"{name}-{number}", "")

    return Rows(
        _rows(
            data,
            "link",
            LinkRow,
            lambda n: LinkRow(text("link-kind", n), text("link-title", n), text("link-url", n)),
        ),
        _rows(
            data,
            "edge",
            EdgeRow,
            lambda n: EdgeRow(text("edge-upstream", n), text("edge-kind", n), text("edge-note", n)),
        ),
        _rows(
            data,
            "contact",
            ContactRow,
            lambda n: ContactRow(
                text("contact-part", n), whole(text("contact-user", n)), text("contact-value", n)
            ),
        ),
        _rows(
            data,
            "environment",
            EnvironmentRow,
            lambda n: EnvironmentRow(
                whole(text("environment-id", n)), text("environment-regions", n), text("environment-url", n)
            ),
        ),
    )


def _rows(data: QueryDict, name: str, blank: Callable[[], Any], read: Callable[[int], Any]) -> list[Any]:
    rows = [read(number) for number in numbers(data, name)]
    word, position = operation(data)
    if word == f"add{name}":
        return [*rows, blank()]
    return rearranged(rows, "remove", position) if word == f"remove{name}" else rows
