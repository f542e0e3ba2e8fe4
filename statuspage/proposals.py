"""What to propose when an incident is told to the public: components by impact and blast radius, and words that
were prepared for customers. Nothing of the incident's own text is taken."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils import translation
from django.utils.translation import gettext as _

from incidents.choices import ImpactCondition
from incidents.models import ImpactRow, Incident
from services.graph import store
from statuspage.choices import ComponentStatus
from statuspage.models import Component, StatusPage
from statuspage.statuses import worst

_BY_CONDITION = {
    ImpactCondition.UNAVAILABLE: ComponentStatus.MAJOR,
    ImpactCondition.DEGRADED: ComponentStatus.DEGRADED,
    ImpactCondition.BUG: ComponentStatus.DEGRADED,
    ImpactCondition.UNKNOWN: ComponentStatus.DEGRADED,
}


def proposed(incident: Incident, page: StatusPage) -> dict[int, str]:
    """Component pk → the status to propose. Services with an impact row by what it says, the incident's other
    services as degraded, and what stands on them (hard dependencies) as degraded too."""
    direct: dict[int, str] = dict.fromkeys(
        incident.services.values_list("pk", flat=True), ComponentStatus.DEGRADED
    )
    rows = ImpactRow.objects.filter(incident=incident, ended_at=None, service__isnull=False)
    said: dict[int, str] = {}
    for service_id, condition in rows.values_list("service_id", "condition"):
        status: str = _BY_CONDITION.get(ImpactCondition(condition), ComponentStatus.OPERATIONAL)
        said[service_id] = worst([said.get(service_id, ComponentStatus.OPERATIONAL), status])
    statuses = {
        **dict.fromkeys(_suffering({*direct, *said}), ComponentStatus.DEGRADED.value),
        **direct,
        **said,
    }
    found: dict[int, str] = {}
    links = Component.services.through.objects.filter(component__page=page, service__in=statuses)
    for component_id, service_id in links.values_list("component_id", "service_id"):
        status = worst([found.get(component_id, ComponentStatus.OPERATIONAL), statuses[service_id]])
        if status != ComponentStatus.OPERATIONAL:
            found[component_id] = status
    return found


def wording(page: StatusPage, chosen: Mapping[int, str]) -> dict[str, str]:
    """Title and text to begin with, in each language of the page, from the names customers know alone."""
    rows = Component.objects.filter(page=page, pk__in=chosen).order_by("position", "pk")
    names = ", ".join(row.name for row in rows) or page.name
    found: dict[str, str] = {}
    for code in page.languages:
        ending = "" if code == page.languages[0] else f"_{code}"
        with translation.override(code):
            found[f"title{ending}"] = _("Trouble with %(names)s") % {"names": names}
            found[f"body{ending}"] = _(
                "We are looking into trouble with %(names)s and will say more as soon as we know more."
            ) % {"names": names}
    return found


def _suffering(service_ids: Collection[int]) -> set[int]:
    """Services that cannot work without one of these."""
    return store.current().downstream(service_ids, hard=True)
