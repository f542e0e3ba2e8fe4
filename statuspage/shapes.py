"""The Statuspage v2 read shape of a page, from rows already loaded. Times ISO 8601 with milliseconds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from statuspage.choices import OVER, ComponentStatus, Impact
from statuspage.models import Component, Notice, StatusPage

_RANK = {
    ComponentStatus.OPERATIONAL: 0,
    ComponentStatus.MAINTENANCE: 1,
    ComponentStatus.DEGRADED: 2,
    ComponentStatus.PARTIAL: 3,
    ComponentStatus.MAJOR: 4,
}
_IMPACT_RANK = {Impact.NONE: 0, Impact.MAINTENANCE: 1, Impact.MINOR: 2, Impact.MAJOR: 3, Impact.CRITICAL: 4}
# (indicator, description) as clients of the format match them
_OVERALL = (
    ("none", "All Systems Operational"),
    ("maintenance", "Service Under Maintenance"),
    ("minor", "Partially Degraded Service"),
    ("major", "Partial System Outage"),
    ("critical", "Major Service Outage"),
)


@dataclass(frozen=True)
class Loaded:
    """A page with everything on it; notices newest first, each with updates and components loaded."""

    page: StatusPage
    components: Sequence[Component]
    notices: Sequence[Notice]
    base_url: str

    @property
    def incidents(self) -> list[Notice]:
        return [row for row in self.notices if row.kind == "incident"]

    @property
    def maintenances(self) -> list[Notice]:
        return [row for row in self.notices if row.kind == "maintenance"]


def stamp(value: dt.datetime | None) -> str | None:
    """`2026-11-20T03:00:00.000Z`"""
    if value is None:
        return None
    return value.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def page_body(loaded: Loaded) -> dict[str, Any]:
    page = loaded.page
    return {
        "id": page.public_id,
        "name": page.name,
        "url": f"{loaded.base_url}/status/{page.slug}/",
        "time_zone": page.time_zone,
        "updated_at": stamp(page.updated_at),
    }


def status_body(loaded: Loaded) -> dict[str, str]:
    """Indicator and headline: the worst of components and open notices."""
    worst = max((_RANK[ComponentStatus(row.status)] for row in loaded.components), default=0)
    for notice in loaded.notices:
        if notice.status not in OVER and notice.status != "scheduled":
            worst = max(worst, _IMPACT_RANK[Impact(notice.impact)])
    indicator, description = _OVERALL[worst]
    return {"indicator": indicator, "description": description}


def component_body(component: Component, page: StatusPage) -> dict[str, Any]:
    return {
        "id": component.public_id,
        "name": component.name,
        "status": component.status,
        "created_at": stamp(component.created_at),
        "updated_at": stamp(component.updated_at),
        "position": component.position,
        "description": component.description or None,
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "page_id": page.public_id,
        "group": False,
        "only_show_if_degraded": False,
    }


def notice_body(notice: Notice, loaded: Loaded) -> dict[str, Any]:
    page = loaded.page
    affected = list(notice.components.all())
    body: dict[str, Any] = {
        "id": notice.public_id,
        "name": notice.title,
        "status": notice.status,
        "created_at": stamp(notice.created_at),
        "updated_at": stamp(notice.updated_at),
        "monitoring_at": stamp(notice.monitoring_at),
        "resolved_at": stamp(notice.resolved_at),
        "impact": notice.impact,
        "shortlink": f"{loaded.base_url}/status/{page.slug}/incidents/{notice.public_id}/",
        "started_at": stamp(notice.started_at),
        "page_id": page.public_id,
        "incident_updates": [
            {
                "id": update.public_id,
                "status": update.status,
                "body": update.body,
                "incident_id": notice.public_id,
                "created_at": stamp(update.created_at),
                "updated_at": stamp(update.created_at),
                "display_at": stamp(update.created_at),
                "affected_components": [
                    {"code": c.public_id, "name": c.name, "old_status": c.status, "new_status": c.status}
                    for c in affected
                ]
                or None,
                "deliver_notifications": True,
                "custom_tweet": None,
                "tweet_id": None,
            }
            for update in notice.updates.all()
        ],
        "components": [component_body(c, page) for c in affected],
        "reminder_intervals": None,
    }
    if notice.kind == "maintenance":
        body["scheduled_for"] = stamp(notice.scheduled_for)
        body["scheduled_until"] = stamp(notice.scheduled_until)
    return body


def documents(loaded: Loaded) -> dict[str, dict[str, Any]]:
    """Every read endpoint: path below `api/v2/` → body."""
    page = page_body(loaded)
    components = [component_body(row, loaded.page) for row in loaded.components]
    incidents = [notice_body(row, loaded) for row in loaded.incidents[:50]]
    works = [notice_body(row, loaded) for row in loaded.maintenances[:50]]
    unresolved = [row for row in incidents if row["status"] not in OVER]
    upcoming = [row for row in works if row["status"] == "scheduled"]
    active = [row for row in works if row["status"] in ("in_progress", "verifying")]
    status = status_body(loaded)
    return {
        "summary.json": {
            "page": page,
            "components": components,
            "incidents": unresolved,
            "scheduled_maintenances": [*active, *upcoming],
            "status": status,
        },
        "status.json": {"page": page, "status": status},
        "components.json": {"page": page, "components": components},
        "incidents.json": {"page": page, "incidents": incidents},
        "incidents/unresolved.json": {"page": page, "incidents": unresolved},
        "scheduled-maintenances.json": {"page": page, "scheduled_maintenances": works},
        "scheduled-maintenances/upcoming.json": {"page": page, "scheduled_maintenances": upcoming},
        "scheduled-maintenances/active.json": {"page": page, "scheduled_maintenances": active},
    }
