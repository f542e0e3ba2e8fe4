"""What an integration adds to its alerts: the service a label names, and words made by templates."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from alerts import templating
from alerts.models import Alert, IntakeItem, Integration
from alerts.sources.base import MAX_DESCRIPTION, Parsed, key
from core.text import clean, one_line
from services.models import Service

_WORDS = ("title", "description")
Wanted = tuple[int | None, str]


def wanted(integration: Integration, alert: Alert) -> Wanted | None:
    """(team, slug) of the service that the alert's label names; None when no label does."""
    slug = alert.labels.get(integration.service_label, "").strip() if integration.service_label else ""
    return (integration.team_id, slug[:63]) if slug else None


def named(names: Collection[Wanted]) -> dict[Wanted, Service]:
    """The services of these slugs that are of the same team or organisation-wide, in one statement."""
    if not names:
        return {}
    rows = Service.objects.filter(slug__in={slug for _team, slug in names}).filter(
        Q(team__isnull=True) | Q(team_id__in={team for team, _slug in names})
    )
    found = {row.slug: row for row in rows}
    return {
        (team, slug): row
        for team, slug in names
        if (row := found.get(slug)) is not None and row.team_id in (None, team)
    }


def settle_service(alert: Alert, integration: Integration, services: dict[Wanted, Service]) -> None:
    """Give the alert the service its label names, if there is one."""
    asked = wanted(integration, alert)
    if asked is None:
        return
    label, service = integration.service_label, services.get(asked)
    if service is None:
        why = f"The label {label}={asked[1]} names no service of this team"
    else:
        alert.service, why = service, f"The label {label}={asked[1]} names {service.name}"
        alert.team_id = service.team_id or alert.team_id
    alert.route = [*alert.route, why]


def word(alert: Alert, item: IntakeItem, parsed: Parsed, *, new: bool) -> None:
    """Put the words of the integration's templates in place of the sender's; the grouping key of a new alert only.

    A template that fails leaves what was there, and the alert's route says so once.
    """
    templates = item.integration.templates
    if not isinstance(templates, dict):
        return
    values: dict[str, Any] = {
        "payload": item.raw,
        "labels": parsed.labels,
        "title": alert.title,
        "description": alert.description,
        "severity": parsed.severity,
        "source": parsed.source,
        "integration": item.integration.name,
        "service": alert.service.name if alert.service else "",
    }
    for name in (*_WORDS, "group_key") if new else _WORDS:
        source = templates.get(name)
        if not isinstance(source, str) or not source.strip():
            continue
        try:
            _set(alert, name, templating.render(source, values))
        except templating.TemplateFailed as error:
            why = f"The {name.replace('_', ' ')} template failed: {error}"[:300]
            if why not in alert.route:
                alert.route = [*alert.route, why]


def _set(alert: Alert, name: str, text: str) -> None:
    """What comes out empty changes nothing."""
    if not text.strip():
        return
    if name == "title":
        alert.title = one_line(text, 300)
    elif name == "description":
        alert.description = clean(text.strip(), MAX_DESCRIPTION)
    else:
        alert.group_key = key(text)
