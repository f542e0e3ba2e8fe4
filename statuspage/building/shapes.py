"""The Statuspage v2 read shape of a page. Times are ISO 8601 with milliseconds, ids opaque strings."""

from __future__ import annotations

import datetime as dt
from typing import Any

from statuspage.building.load import Loaded
from statuspage.choices import OVER
from statuspage.models import Component, ComponentGroup, Notice, NoticeUpdate, StatusPage
from statuspage.statuses import worst

_NEWEST = 50


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
        "url": loaded.base.rstrip("/") if page.domain else loaded.base,
        "time_zone": page.time_zone,
        "updated_at": stamp(page.updated_at),
    }


def status_body(loaded: Loaded) -> dict[str, str]:
    """Indicator and headline."""
    indicator, description = loaded.indicator
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
        "showcase": component.showcase,
        "start_date": component.start_date.isoformat() if component.start_date else None,
        "group_id": component.group.public_id if component.group else None,
        "page_id": page.public_id,
        "group": False,
        "only_show_if_degraded": component.only_show_if_degraded,
    }


def group_body(group: ComponentGroup, loaded: Loaded) -> dict[str, Any]:
    """A group stands in the same flat list, with the ids of its children; its status is their worst."""
    children = [row for row in loaded.components if row.group_id == group.pk]
    return {
        "id": group.public_id,
        "name": group.name,
        "status": worst(row.status for row in children),
        "created_at": stamp(group.created_at),
        "updated_at": stamp(max([group.updated_at, *(row.updated_at for row in children)])),
        "position": group.position,
        "description": group.description or None,
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "page_id": loaded.page.public_id,
        "group": True,
        "only_show_if_degraded": False,
        "components": [row.public_id for row in children],
    }


def components_body(loaded: Loaded) -> list[dict[str, Any]]:
    """Components and groups in one list, as they stand on the page: a group, then what is in it."""
    found: list[dict[str, Any]] = []
    top: list[Component | ComponentGroup] = [row for row in loaded.components if row.group_id is None]
    top += [row for row in loaded.groups if any(c.group_id == row.pk for c in loaded.components)]
    for entry in sorted(top, key=lambda row: (row.position, row.pk)):
        if isinstance(entry, Component):
            found.append(component_body(entry, loaded.page))
            continue
        found.append(group_body(entry, loaded))
        children = (row for row in loaded.components if row.group_id == entry.pk)
        found += [component_body(row, loaded.page) for row in children]
    return found


def update_body(update: NoticeUpdate, notice: Notice) -> dict[str, Any]:
    return {
        "id": update.public_id,
        "status": update.status,
        "body": update.body,
        "incident_id": notice.public_id,
        "created_at": stamp(update.created_at),
        "updated_at": stamp(update.edited_at or update.created_at),
        "display_at": stamp(update.created_at),
        "affected_components": update.affected or None,
        "deliver_notifications": update.deliver,
        "custom_tweet": None,
        "tweet_id": None,
    }


def notice_body(notice: Notice, loaded: Loaded) -> dict[str, Any]:
    """A notice with its updates newest first and its components in full."""
    body: dict[str, Any] = {
        "id": notice.public_id,
        "name": notice.title,
        "status": notice.status,
        "created_at": stamp(notice.created_at),
        "updated_at": stamp(notice.updated_at),
        "monitoring_at": stamp(notice.monitoring_at),
        "resolved_at": stamp(notice.resolved_at),
        "impact": notice.impact,
        "shortlink": f"{loaded.base}incidents/{notice.public_id}/",
        "started_at": stamp(notice.started_at),
        "page_id": loaded.page.public_id,
        "incident_updates": [update_body(update, notice) for update in notice.updates.all()],
        "components": [component_body(row, loaded.page) for row in notice.components.all()],
        "reminder_intervals": None,
    }
    if notice.kind == "maintenance":
        body["scheduled_for"] = stamp(notice.scheduled_for)
        body["scheduled_until"] = stamp(notice.scheduled_until)
    return body


def documents(loaded: Loaded) -> dict[str, dict[str, Any]]:
    """Every read endpoint: path below `api/v2/` → body."""
    page = page_body(loaded)
    components = components_body(loaded)
    incidents = [notice_body(row, loaded) for row in loaded.incidents[:_NEWEST]]
    works = [notice_body(row, loaded) for row in loaded.maintenances[:_NEWEST]]
    # What is open stays in the lists of open things however much came after it.
    unresolved = [notice_body(row, loaded) for row in loaded.incidents if row.status not in OVER]
    planned = [notice_body(row, loaded) for row in loaded.maintenances if row.status not in OVER]
    upcoming = [row for row in planned if row["status"] == "scheduled"]
    active = [row for row in planned if row["status"] != "scheduled"]
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
