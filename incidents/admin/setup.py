"""Set-up of incidents, for inspection: it is changed under Settings, where it is checked."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from incidents.admin.base import PartAdmin
from incidents.models import (
    CustomField,
    ExitCriterion,
    ImpactRow,
    IncidentFeedback,
    IncidentNag,
    IncidentRelation,
    IncidentType,
    PriorityRule,
)


class SetupAdmin(ReadOnlyAdmin):
    """Leads to the settings page that changes it."""

    def view_on_site(self, obj: object) -> str:
        return "/settings/incidents/"


@admin.register(IncidentType)
class IncidentTypeAdmin(SetupAdmin):
    list_display = ("key", "name", "restricted", "active", "position")
    search_fields = ("key", "name")


@admin.register(CustomField)
class CustomFieldAdmin(SetupAdmin):
    list_display = ("key", "label", "section", "kind", "active")
    list_filter = ("section", "kind", "active")
    search_fields = ("key", "label")


@admin.register(PriorityRule)
class PriorityRuleAdmin(SetupAdmin):
    list_display = ("condition", "reach", "rank")
    list_filter = ("condition",)
    search_fields = ("condition", "reach")


@admin.register(ImpactRow)
class ImpactRowAdmin(PartAdmin):
    list_display = ("incident", "service", "condition", "reach", "started_at", "ended_at")
    list_filter = ("condition",)
    list_select_related = ("incident", "service")
    search_fields = ("incident__title", "service__name", "note")


@admin.register(ExitCriterion)
class ExitCriterionAdmin(PartAdmin):
    list_display = ("incident", "kind", "text", "minutes", "met_at")
    list_filter = ("kind",)
    list_select_related = ("incident",)
    search_fields = ("incident__title", "text")


@admin.register(IncidentRelation)
class IncidentRelationAdmin(PartAdmin):
    list_display = ("incident", "kind", "other", "created_at")
    list_filter = ("kind",)
    list_select_related = ("incident", "other")
    search_fields = ("incident__title", "other__title")


@admin.register(IncidentNag)
class IncidentNagAdmin(PartAdmin):
    list_display = ("incident", "what", "times", "last_at")
    list_filter = ("what",)
    list_select_related = ("incident",)
    search_fields = ("incident__title", "what")


@admin.register(IncidentFeedback)
class IncidentFeedbackAdmin(PartAdmin):
    """Who wrote it is shown nowhere when they asked for that: not here either."""

    list_display = ("incident", "rating", "anonymous", "written_at")
    list_select_related = ("incident",)
    search_fields = ("incident__title", "went_well", "was_hard")
    exclude = ("user",)
