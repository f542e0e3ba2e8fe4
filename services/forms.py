"""Input of the catalog's pages; no writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from oncall.models import EscalationPolicy
from oncall.rows import numbers, operation, rearranged, whole
from services.choices import EdgeKind, Lifecycle, LinkKind, Tier
from services.models import Dependency, Service, ServiceLink
from teams.actor import Actor
from teams.models import Team


class ServiceForm(forms.Form):
    """A service but for its links and dependencies, which are rows."""

    name = forms.CharField(label=_("Name"), max_length=120)
    slug = forms.CharField(
        label=_("Address"),
        max_length=63,
        required=False,
        help_text=_(
            "Lower-case letters, digits and hyphens; made from the name when empty. It stays for ever."
        ),
    )
    team = forms.ModelChoiceField(Team.objects.none(), label=_("Owning team"), required=False)
    tier = forms.TypedChoiceField(label=_("Tier"), choices=Tier.choices, coerce=int, initial=Tier.STANDARD)
    lifecycle = forms.ChoiceField(
        label=_("Lifecycle"), choices=Lifecycle.choices, initial=Lifecycle.PRODUCTION
    )
    escalation_policy = forms.ModelChoiceField(
        EscalationPolicy.objects.none(),
        label=_("Escalation policy"),
        required=False,
        help_text=_("Empty: the team's default."),
    )
    description = forms.CharField(
        label=_("What it does"), max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, actor: Actor, service: Service | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if service is not None:
            del self.fields["slug"]
        teams, policies = self.fields["team"], self.fields["escalation_policy"]
        teams.queryset = Team.objects.manageable_by(actor)  # type: ignore[attr-defined]
        teams.required = not actor.is_admin
        policies.queryset = EscalationPolicy.objects.visible_to(actor)  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """What the actions take."""
        data = dict(self.cleaned_data)
        team, policy = data.pop("team"), data.pop("escalation_policy")
        ids = {"team_id": team.pk if team else None, "escalation_policy_id": policy.pk if policy else None}
        return {**data, **ids}


def service_initial(service: Service) -> dict[str, Any]:
    return {
        "name": service.name,
        "team": service.team_id,
        "tier": service.tier,
        "lifecycle": service.lifecycle,
        "escalation_policy": service.escalation_policy_id,
        "description": service.description,
    }


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
    upstream: int | None = None
    kind: str = EdgeKind.HARD
    note: str = ""
    errors: list[str] = field(default_factory=list)


def stored_links(service: Service | None) -> list[LinkRow]:
    rows = ServiceLink.objects.filter(service=service).order_by("position", "pk") if service else ()
    return [LinkRow(row.kind, row.title, row.url) for row in rows]


def stored_edges(service: Service | None, actor: Actor) -> list[EdgeRow]:
    if service is None:
        return []
    rows = Dependency.objects.visible_to(actor).filter(downstream=service).order_by("upstream__name")
    return [EdgeRow(row.upstream_id, row.kind, row.note) for row in rows]


def links_of(data: QueryDict) -> list[LinkRow]:
    """Links as typed, after a pressed `addlink` or `removelink` button."""
    rows = [
        LinkRow(
            data.get(f"link-kind-{n}", ""), data.get(f"link-title-{n}", ""), data.get(f"link-url-{n}", "")
        )
        for n in numbers(data, "link")
    ]
    return _pressed(rows, data, "link", LinkRow())


def edges_of(data: QueryDict) -> list[EdgeRow]:
    """Dependencies as typed, after a pressed `addedge` or `removeedge` button."""
    rows = [
        EdgeRow(
            whole(data.get(f"edge-upstream-{n}", "")),
            data.get(f"edge-kind-{n}", ""),
            data.get(f"edge-note-{n}", ""),
        )
        for n in numbers(data, "edge")
    ]
    return _pressed(rows, data, "edge", EdgeRow())


def _pressed(rows: list[Any], data: QueryDict, name: str, blank: Any) -> list[Any]:
    word, position = operation(data)
    if word == f"add{name}":
        return [*rows, blank]
    return rearranged(rows, "remove", position) if word == f"remove{name}" else rows
