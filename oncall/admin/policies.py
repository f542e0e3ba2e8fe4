"""Escalation policies; steps are looked at here and edited on the page of the policy."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from core.admin import ActionAdmin, DeletesByAction, ReadOnlyAdmin, ReadOnlyInline
from oncall.actions import policies
from oncall.admin.base import acting
from oncall.models import (
    EscalationPolicy,
    PolicyStep,
    PolicyTarget,
)


class StepInline(ReadOnlyInline):
    """The steps; with their targets they are edited on the policy's page."""

    model = PolicyStep
    fields = readonly_fields = ("position", "delay_minutes", "pages")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        targets = PolicyTarget.objects.select_related("user", "schedule", "team", "webhook")
        return super().get_queryset(request).prefetch_related(Prefetch("targets", targets))

    def pages(self, obj: PolicyStep) -> str:
        return ", ".join(_target(row) for row in obj.targets.all())  # type: ignore[attr-defined]


def _target(row: PolicyTarget) -> str:
    return f"{row.get_type_display()} {row.user or row.schedule or row.team or row.webhook}"


@admin.register(EscalationPolicy)
class PolicyAdmin(DeletesByAction, ActionAdmin):
    list_display = ("name", "team", "repeat", "is_default", "created_at")
    list_select_related = ("team",)
    list_filter = ("is_default", "team")
    search_fields = ("name", "team__name")
    autocomplete_fields = ("team",)
    inlines = (StepInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("team", "created_at") if obj else ("created_at",)

    def save_model(self, request: HttpRequest, obj: EscalationPolicy, form: Any, change: bool) -> None:
        actor = acting(request)
        if change:
            policies.update_policy(
                actor=actor,
                policy_id=obj.pk,
                name=obj.name,
                repeat=obj.repeat,
                is_default=obj.is_default,
                hold_low=obj.hold_low,
                acknowledge_timeout_minutes=obj.acknowledge_timeout_minutes,
            )
        else:
            made = policies.create_policy(
                actor=actor,
                team_id=obj.team_id,
                name=obj.name,
                steps=(),
                repeat=obj.repeat,
                is_default=obj.is_default,
                hold_low=obj.hold_low,
                acknowledge_timeout_minutes=obj.acknowledge_timeout_minutes,
            )
            obj.pk = made.pk

    def remove(self, request: HttpRequest, obj: EscalationPolicy) -> None:
        policies.delete_policy(actor=acting(request), policy_id=obj.pk)


class TargetInline(ReadOnlyInline):
    model = PolicyTarget
    fields = readonly_fields = ("type", "serving", "user", "schedule", "team", "webhook")


@admin.register(PolicyStep)
class StepAdmin(ReadOnlyAdmin):
    """Looked at here, edited on the policy's page, which knows what an order of steps means."""

    list_display = ("policy", "position", "delay_minutes", "pick", "urgency", "hours", "backup")
    list_select_related = ("policy", "backup")
    list_filter = ("policy__team",)
    search_fields = ("policy__name",)
    inlines = (TargetInline,)

    def view_on_site(self, obj: PolicyStep) -> str:
        return obj.policy.get_absolute_url()


@admin.register(PolicyTarget)
class TargetAdmin(ReadOnlyAdmin):
    list_display = ("step", "type", "serving", "user", "schedule", "team", "webhook")
    list_select_related = ("step", "user", "schedule", "team", "webhook")
    list_filter = ("type",)
    search_fields = ("step__policy__name", "user__name", "schedule__name", "team__name")

    def view_on_site(self, obj: PolicyTarget) -> str:
        return obj.step.policy.get_absolute_url()
