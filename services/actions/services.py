from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.text import slugify

from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import clean, one_line
from oncall.models import EscalationPolicy
from services.choices import Lifecycle, LinkKind, Tier
from services.models import Service, ServiceLink
from teams.actions._locks import lock
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import Team

MAX_LINKS = 30
RESERVED_SLUGS = frozenset(
    {"new", "map", "import", "export", "readiness", "systems", "domains", "vendors", "findings", "fields"}
)
_url = URLValidator(schemes=["http", "https"])


def create_service(
    *, actor: Actor, name: str, slug: str = "", team_id: int | None = None, **values: Any
) -> Service:
    """A new service. Managers of its team and admins (admins alone for one without team); audited.

    `values`: description, tier 1-4, lifecycle, escalation_policy_id, links [{kind, title, url}].
    """
    _may_manage(actor, team_id)
    name = one_line(name, 120)
    slug = slug or slugify(name)[:63]
    if not name:
        raise field_error("name", "A service needs a name.")
    if not slug or slugify(slug) != slug or len(slug) > 63:
        raise field_error("slug", "Lower-case letters, digits and hyphens only, at most 63.")
    if slug.isdigit() or slug in RESERVED_SLUGS:
        raise field_error("slug", "Choose another address: this one has a meaning already.")
    with transaction.atomic():
        lock("services.create")
        if Service.objects.filter(slug=slug).exists():
            raise field_error("slug", "Another service has this address.")
        service = Service(slug=slug, name=name, team_id=team_id)
        _fill(actor, service, values)
        service.save()
        _write_links(service, values.get("links"))
        _audit(actor, "created", service)
    return service


def update_service(*, actor: Actor, service_id: int, **values: Any) -> Service:
    """Change what is given (see `create_service`; also name and team_id). Audited with old and new."""
    with transaction.atomic():
        service = locked_service(actor, service_id)
        before = _facts(service)
        if "team_id" in values and values["team_id"] != service.team_id:
            _may_manage(actor, values["team_id"])
            service.team_id = values["team_id"]
        if "name" in values:
            service.name = one_line(values["name"] or "", 120)
            if not service.name:
                raise field_error("name", "A service needs a name.")
        _fill(actor, service, values)
        service.save()
        if "links" in values:
            _write_links(service, values["links"])
        _audit(actor, "changed", service, before=before, after=_facts(service))
    return service


def delete_service(*, actor: Actor, service_id: int) -> None:
    """Refused while an integration posts to it; its edges and links go with it."""
    with transaction.atomic():
        service = locked_service(actor, service_id)
        if service.integrations.exists():  # type: ignore[attr-defined]
            raise Conflict("Integrations post to this service; move them first.", code="in_use")
        _audit(actor, "deleted", service)
        service.delete()


def locked_service(actor: Actor, service_id: int) -> Service:
    """The service, locked, if the actor may change it; NotVisible or NotAllowed otherwise."""
    rows = Service.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    service: Service | None = rows.filter(pk=service_id).first()
    if service is None:
        raise NotVisible
    if not actor.manages(service.team_id):
        raise NotAllowed("Only a manager of the owning team can change a service.")
    return service


def _may_manage(actor: Actor, team_id: int | None) -> None:
    if team_id is not None and not Team.objects.visible_to(actor).filter(pk=team_id).exists():
        raise field_error("team", "There is no such team.")
    if not actor.manages(team_id):
        raise NotAllowed("Only a manager of the owning team can do this.")


def _fill(actor: Actor, service: Service, values: Mapping[str, Any]) -> None:
    if "description" in values:
        service.description = clean(values["description"] or "", 10_000)
    if "tier" in values:
        if values["tier"] not in Tier.values:
            raise field_error("tier", "A tier is 1, 2, 3 or 4.")
        service.tier = values["tier"]
    if "lifecycle" in values:
        if values["lifecycle"] not in Lifecycle.values:
            raise field_error("lifecycle", f"One of {', '.join(Lifecycle.values)}.")
        service.lifecycle = values["lifecycle"]
    if "escalation_policy_id" in values:
        policy_id = values["escalation_policy_id"]
        if (
            policy_id is not None
            and not EscalationPolicy.objects.visible_to(actor).filter(pk=policy_id).exists()
        ):
            raise field_error("escalation_policy", "There is no such escalation policy.")
        service.escalation_policy_id = policy_id


def _write_links(service: Service, links: Sequence[Mapping[str, str]] | None) -> None:
    if links is None:
        return
    if len(links) > MAX_LINKS:
        raise field_error("links", f"At most {MAX_LINKS} links.")
    rows = []
    for position, item in enumerate(links):
        url = str(item.get("url", "")).strip()
        try:
            _url(url)
        except ValidationError:
            raise field_error(f"links.{position}.url", "Must be an http or https address.") from None
        kind = item.get("kind", LinkKind.OTHER)
        if kind not in LinkKind.values:
            raise field_error(f"links.{position}.kind", f"One of {', '.join(LinkKind.values)}.")
        title = one_line(str(item.get("title") or LinkKind(kind).label), 120)
        rows.append(ServiceLink(service=service, kind=kind, title=title, url=url[:500], position=position))
    service.links.all().delete()
    ServiceLink.objects.bulk_create(rows)


def _facts(service: Service) -> dict[str, Any]:
    return {
        "name": service.name,
        "team": service.team_id,
        "tier": service.tier,
        "lifecycle": service.lifecycle,
        "escalation_policy": service.escalation_policy_id,
        "runbooks": [
            list(row) for row in service.links.filter(kind=LinkKind.RUNBOOK).values_list("title", "url")
        ],
    }


def _audit(actor: Actor, verb: str, service: Service, **data: Any) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="service",
        obj_id=service.pk,
        label=service.name,
        team_id=service.team_id,
        data=data,
    )
