"""Routing rules of a team, and how alerts of its services become incidents."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerts import actions
from alerts.forms import AlertingForm, RuleForm
from alerts.forms.rules import asked_values, stored_values
from alerts.models import RoutingRule, ServiceAlerting
from alerts.routing.listing import rules_of, services_of
from alerts.routing.tryout import TryOut, try_out
from core import clock
from core.errors import NotAllowed, NotVisible
from core.pages import actor_of
from core.text import clean
from services.models import Service
from teams.actor import Actor
from teams.models import Team
from teams.views.base import applied


@login_required
def rules(request: HttpRequest) -> HttpResponse:
    """`?team=` names whose; without, the viewer's first team."""
    actor = actor_of(request)
    teams = list(Team.objects.visible_to(actor).order_by("name", "pk")[:200])
    team = _team(actor, teams, request.GET.get("team", ""))
    context: dict[str, Any] = {"teams": teams, "team": team}
    if team is not None:
        context |= {
            "rules": rules_of(team, clock.now()),
            "services": services_of(team, actor),
            "may_change": actor.manages(team.pk),
        }
    return render(request, "alerts/pages/rules.html", context)


def _team(actor: Actor, teams: list[Team], slug: str) -> Team | None:
    if slug:
        found: Team | None = Team.objects.visible_to(actor).filter(slug=clean(slug)).first()
        if found is None:
            raise NotVisible
        return found
    return next((team for team in teams if team.pk in actor.roles), teams[0] if teams else None)


@login_required
def new_rule(request: HttpRequest) -> HttpResponse:
    """Write a rule; the address may say what it begins with."""
    actor = actor_of(request)
    teams = list(Team.objects.visible_to(actor).order_by("name", "pk")[:200])
    mine = [team for team in teams if actor.manages(team.pk)]
    team = _team(actor, mine, request.GET.get("team", ""))
    if team is None or not actor.manages(team.pk):
        raise NotAllowed(_("Only a manager of the team can change its rules."))
    zone = timezone.get_current_timezone_name()
    return _form(request, team, None, asked_values(request.GET.dict(), zone))


@login_required
def rule_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Change or delete a rule."""
    actor = actor_of(request)
    rule = RoutingRule.objects.visible_to(actor).select_related("team").filter(pk=pk).first()
    if rule is None:
        raise NotVisible
    if not actor.manages(rule.team_id):
        raise NotAllowed(_("Only a manager of the team can change its rules."))
    return _form(request, rule.team, rule, stored_values(rule))


def _form(
    request: HttpRequest, team: Team, rule: RoutingRule | None, initial: dict[str, Any]
) -> HttpResponse:
    """The form, with what the rule would have changed when "Try it" was pressed."""
    actor = actor_of(request)
    form = RuleForm(request.POST or None, actor=actor, initial=initial)
    found: TryOut | None = None
    pk = rule.pk if rule is not None else None
    if request.method == "POST":
        if request.POST.get("op") == "try":
            found = applied(form, lambda _data: _tried(actor, team, pk, form))
        elif applied(form, lambda _data: _saved(actor, team, pk, form)) is not None:
            messages.success(request, _("Saved."))
            return redirect(f"/alerts/rules/?team={team.slug}")
    context = {"form": form, "team": team, "rule": rule, "found": found}
    return render(request, "alerts/pages/rule.html", context, status=422 if form.errors else 200)


def _tried(actor: Actor, team: Team, pk: int | None, form: RuleForm) -> TryOut:
    return try_out(actor, actions.draft_rule(actor=actor, team_id=team.pk, rule_id=pk, **form.values()))


def _saved(actor: Actor, team: Team, pk: int | None, form: RuleForm) -> RoutingRule:
    return actions.save_rule(actor=actor, team_id=team.pk, rule_id=pk, **form.values())


@login_required
@require_POST
def change_rule(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """One place up or down, or away."""
    actor, pk = actor_of(request), int(pk)
    rule = RoutingRule.objects.visible_to(actor).select_related("team").filter(pk=pk).first()
    if rule is None:
        raise NotVisible
    if what == "delete":
        actions.delete_rule(actor=actor, rule_id=pk)
    else:
        actions.step_rule(actor=actor, rule_id=pk, up=what == "up")
    return redirect(f"/alerts/rules/?team={rule.team.slug}")


@login_required
def service_alerting(request: HttpRequest, slug: str) -> HttpResponse:
    """Grouping, symptoms, flapping and storms of one service."""
    actor = actor_of(request)
    rows = Service.objects.visible_to(actor).select_related("team", "alerting")
    service = rows.filter(slug=slug).first()
    if service is None:
        raise NotVisible
    row = getattr(service, "alerting", None) or ServiceAlerting()
    form = AlertingForm(request.POST or None, initial=AlertingForm.values_of(row))

    def save(data: dict[str, Any]) -> ServiceAlerting:
        return actions.set_alerting(actor=actor, service_id=service.pk, **data)

    if request.method == "POST":
        if not actor.manages(service.team_id):
            raise NotAllowed(_("Only a manager of the owning team can change this."))
        if applied(form, save) is not None:
            messages.success(request, _("Saved."))
            return redirect("alerts:alerting", slug=slug)
    context = {"form": form, "service": service, "may_change": actor.manages(service.team_id)}
    return render(request, "alerts/pages/alerting.html", context, status=422 if form.errors else 200)
