from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import clean, one_line
from oncall.models import EscalationPolicy
from services import hooks
from services.actions import details
from services.choices import Lifecycle, LinkKind, ServiceKind, Tier
from services.importing.joining import join_dangling
from services.models import Service, ServiceLink, System, Vendor
from teams.actions._locks import lock
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import Team

MAX_LINKS = 30
RESERVED_SLUGS = frozenset(
    {"new", "map", "import", "export", "readiness", "systems", "domains", "vendors", "findings", "fields"}
)


def create_service(
    *, actor: Actor, name: str, slug: str = "", team_id: int | None = None, **values: Any
) -> Service:
    """A new service. Managers of its team and admins (admins alone for one without team); audited.

    `values`: kind, description, tier 1-4, lifecycle, escalation_policy_id, system_id, stands_alone, labels, custom
    (both {key: value}), links [{kind, title, url}], contacts [{part, user_id, value}], environments
    [{environment_id, regions, url}]. References that waited for its address are joined.
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
        _write_rows(actor, service, values)
        join_dangling(service, actor)
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
        if service.team_id != before["team"]:
            hooks.moved([service.pk])
        _write_rows(actor, service, values)
        after = _facts(service)
        # Saved as it was: nothing to tell, and nobody who waits for a change is told of one.
        if after != before:
            _audit(actor, "changed", service, before=before, after=after)
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
    if "kind" in values:
        if values["kind"] not in ServiceKind.values:
            raise field_error("kind", f"One of {', '.join(ServiceKind.values)}.")
        service.kind = values["kind"]
    if "system_id" in values:
        system_id = values["system_id"]
        if system_id is not None and not System.objects.visible_to(actor).filter(pk=system_id).exists():
            raise field_error("system", "There is no such system.")
        service.system_id = system_id
    if "stands_alone" in values:
        service.stands_alone = bool(values["stands_alone"])
    if "labels" in values:
        service.labels = details.labels(values["labels"])
    if "custom" in values:
        service.custom = details.custom(service, values["custom"])


def _write_rows(actor: Actor, service: Service, values: Mapping[str, Any]) -> None:
    """What stands in rows of its own; only what is given changes."""
    if values.get("links") is not None:
        _write_links(service, values["links"])
    if values.get("contacts") is not None:
        details.write_contacts(actor, service, values["contacts"])
    if values.get("environments") is not None:
        details.write_environments(service, values["environments"])
    if service.kind == ServiceKind.VENDOR:
        Vendor.objects.get_or_create(service=service)


def _write_links(service: Service, links: Sequence[Mapping[str, str]]) -> None:
    if len(links) > MAX_LINKS:
        raise field_error("links", f"At most {MAX_LINKS} links.")
    rows = []
    for position, item in enumerate(links):
        url = details.web_address(f"links.{position}.url", item.get("url"))
        if not url:
            raise field_error(f"links.{position}.url", "Must be an http or https address.")
        kind = item.get("kind", LinkKind.OTHER)
        if kind not in LinkKind.values:
            raise field_error(f"links.{position}.kind", f"One of {', '.join(LinkKind.values)}.")
        title = one_line(str(item.get("title") or LinkKind(kind).label), 120)
        rows.append(ServiceLink(service=service, kind=kind, title=title, url=url, position=position))
    wanted = [(row.kind, row.title, row.url) for row in rows]
    if list(service.links.order_by("position", "pk").values_list("kind", "title", "url")) != wanted:
        service.links.all().delete()
        ServiceLink.objects.bulk_create(rows)


def _facts(service: Service) -> dict[str, Any]:
    """What the history of a service tells, by field; `runbooks` apart from the other links."""
    links = [
        tuple(row) for row in service.links.order_by("position", "pk").values_list("kind", "title", "url")
    ]
    return {
        "name": service.name,
        "kind": service.kind,
        "team": service.team_id,
        "tier": service.tier,
        "lifecycle": service.lifecycle,
        "description": service.description,
        "escalation_policy": service.escalation_policy_id,
        "system": service.system_id,
        "stands_alone": service.stands_alone,
        "labels": service.labels,
        "custom": service.custom,
        "runbooks": [[title, url] for kind, title, url in links if kind == LinkKind.RUNBOOK],
        "links": [[title, url] for kind, title, url in links if kind != LinkKind.RUNBOOK],
        "contacts": [list(row) for row in service.contacts.values_list("part", "user_id", "value")],
        "environments": [
            [row.environment.slug, row.regions, row.url]
            for row in service.environment_rows.select_related("environment")
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
