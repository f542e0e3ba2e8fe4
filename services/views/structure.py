"""Domains and systems, and what the organisation sets up for the catalog: environments and fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from core.errors import DomainError, NotAllowed, NotVisible
from core.forms import offer
from core.pages import actor_of
from oncall.rows import grouped, numbers, operation, rearranged, whole
from services import actions
from services.choices import FieldKind, ServiceKind
from services.models import Domain, Environment, Service, ServiceField, System
from services.views.frame import tabs
from teams.actor import Actor
from teams.models import Team
from teams.views.base import applied


class PartForm(forms.Form):
    """A system, or a domain."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    team = forms.ModelChoiceField(Team.objects.none(), label=gettext_lazy("Owning team"), required=False)
    above = forms.ModelChoiceField(
        Domain.objects.none(), label=gettext_lazy("Part of domain"), required=False
    )
    description = forms.CharField(
        label=gettext_lazy("What it is"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, team=Team.objects.manageable_by(actor), above=Domain.objects.visible_to(actor))
        self.fields["team"].required = not actor.is_admin


@login_required
def structure(request: HttpRequest) -> HttpResponse:
    """Domains, the systems in each, and how many services stand in those."""
    actor = actor_of(request)
    seen = Service.objects.visible_to(actor)
    count = Count("services", filter=Q(services__in=seen), distinct=True)
    systems = list(System.objects.visible_to(actor).select_related("team", "domain").annotate(many=count))
    domains = list(Domain.objects.visible_to(actor).select_related("team", "parent"))
    known = {row.pk for row in domains}
    context = {
        "domains": [(row, [each for each in systems if each.domain_id == row.pk]) for row in domains],
        "tabs": tabs("structure"),
        "loose": [row for row in systems if row.domain_id not in known],
        "may_create": actor.manages_any,
    }
    return render(request, "services/pages/structure.html", context)


@login_required
def part(request: HttpRequest, kind: str, slug: str = "") -> HttpResponse:
    """Make or change a system or a domain (`kind`)."""
    actor = actor_of(request)
    row = _part(actor, kind, slug) if slug else None
    initial: dict[str, Any] = {}
    if row is not None:
        above = row.domain_id if isinstance(row, System) else row.parent_id
        initial = {"name": row.name, "team": row.team_id, "above": above, "description": row.description}
    elif not actor.manages_any:
        raise NotAllowed("Only managers can do this.")
    form = PartForm(request.POST or None, initial=initial, actor=actor)
    if request.method == "POST" and applied(form, lambda data: _save(actor, kind, slug, data)) is not None:
        messages.success(request, _("Saved."))
        return redirect("services:structure")
    context = {"form": form, "row": row, "kind": kind}
    return render(request, "services/pages/part_form.html", context, status=422 if form.errors else 200)


def _part(actor: Actor, kind: str, slug: str) -> System | Domain:
    model: type[System] | type[Domain] = System if kind == "system" else Domain
    row: System | Domain | None = model.objects.visible_to(actor).filter(slug=slug).first()
    if row is None:
        raise NotVisible
    if not actor.manages(row.team_id):
        raise NotAllowed("Only a manager of the owning team can change this.")
    return row


def _save(actor: Actor, kind: str, slug: str, data: dict[str, Any]) -> System | Domain:
    values = {
        "name": data["name"],
        "description": data["description"],
        "team_id": data["team"].pk if data["team"] else None,
    }
    above = data["above"].pk if data["above"] else None
    if kind == "system":
        return actions.save_system(actor=actor, slug=slug, new=not slug, domain_id=above, **values)
    return actions.save_domain(actor=actor, slug=slug, new=not slug, parent_id=above, **values)


@login_required
@require_POST
def remove_part(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    actions.delete_part(actor=actor_of(request), kind=kind, slug=slug)
    messages.success(request, _("Removed."))
    return redirect("services:structure")


class FieldForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    kind = forms.ChoiceField(label=gettext_lazy("What it takes"), choices=FieldKind.choices)
    choices = forms.CharField(
        label=gettext_lazy("What can be chosen"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One a line, for “one of a list”."),
    )
    help_text = forms.CharField(label=gettext_lazy("Help"), max_length=200, required=False)
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Asked for"),
        choices=ServiceKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked: for every kind of entry."),
    )
    required = forms.BooleanField(label=gettext_lazy("Must be filled in"), required=False)
    active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)


@login_required
def setup(request: HttpRequest) -> HttpResponse:
    """Environments, and the catalog's own fields. Admins."""
    actor = _admin(request)
    posted = request.method == "POST"
    rows = _typed(request) if posted else [(row.pk, row.name) for row in Environment.objects.all()]
    others: list[str] = []
    if posted and not request.POST.get("op"):
        try:
            actions.save_environments(actor=actor, names=[row for row in rows if row[1].strip()])
        except DomainError as error:
            inside, others = grouped(error, ["environments"])
            others += [f"{name}: {reason}" for name, reasons in inside.items() for reason in reasons]
        else:
            messages.success(request, _("Saved."))
            return redirect("services:setup")
    context = {"rows": rows, "others": others, "fields": ServiceField.objects.all()}
    return render(request, "services/pages/setup.html", context, status=422 if others else 200)


def _typed(request: HttpRequest) -> list[tuple[int | None, str]]:
    data = request.POST
    rows: list[tuple[int | None, str]] = [
        (whole(data.get(f"environment-id-{n}", "")), data.get(f"environment-name-{n}", ""))
        for n in numbers(data, "environment")
    ]
    word, position = operation(data)
    if word == "addenvironment":
        return [*rows, (None, "")]
    return rearranged(rows, "remove", position) if word == "removeenvironment" else rows


@login_required
def field(request: HttpRequest, key: str = "") -> HttpResponse:
    """Make a custom field, or change one; its kind stays."""
    actor = _admin(request)
    row = ServiceField.objects.filter(key=key).first() if key else None
    if key and row is None:
        raise NotVisible
    initial: dict[str, Any] = {}
    if row is not None:
        names = ("name", "kind", "help_text", "kinds", "required", "active")
        initial = {name: getattr(row, name) for name in names} | {"choices": "\n".join(row.choices)}
    form = FieldForm(request.POST or None, initial=initial)
    if row is not None:
        form.fields["kind"].disabled = True

    def save(data: dict[str, Any]) -> ServiceField:
        values = {**data, "choices": data["choices"].splitlines()}
        return actions.save_field(actor=actor, key=key, new=row is None, **values)

    if request.method == "POST" and applied(form, save) is not None:
        messages.success(request, _("Saved."))
        return redirect("services:setup")
    return render(
        request,
        "services/pages/field_form.html",
        {"form": form, "row": row},
        status=422 if form.errors else 200,
    )


def _admin(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not actor.is_admin:
        raise NotVisible
    return actor
