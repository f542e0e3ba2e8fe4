"""Facts about services that only higher apps know. They register a provider in `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from teams.actor import Actor


@dataclass(frozen=True)
class OpenIncident:
    """An open incident on a service, as the catalog shows it."""

    number: int
    title: str
    status: str
    severity: int | None
    url_path: str


OpenIncidents = Callable[[Sequence[int], Actor], dict[int, list[OpenIncident]]]
_open_incidents: list[OpenIncidents] = []


def register_open_incidents(provider: OpenIncidents) -> None:
    """Set who answers `open_incidents`; one provider."""
    _open_incidents[:] = [provider]


def open_incidents(service_ids: Sequence[int], actor: Actor) -> dict[int, list[OpenIncident]]:
    """Service id → open incidents the actor may see, in one statement; services without any are absent."""
    return _open_incidents[0](service_ids, actor) if _open_incidents else {}
