from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from postmortems.models import ContributingFactor, Factor, Meeting, PostmortemReminder, Reviewer, WhyNode


class _OfDocument(ReadOnlyAdmin):
    """Rows that belong to a document are shown on its page."""

    search_fields: tuple[str, ...] = ("postmortem__incident__title",)

    def view_on_site(
        self, obj: Reviewer | Meeting | WhyNode | ContributingFactor | PostmortemReminder
    ) -> str:
        return obj.postmortem.get_absolute_url()


@admin.register(Reviewer)
class ReviewerAdmin(_OfDocument):
    list_display = ("postmortem", "user", "answer", "asked_at", "answered_at")
    list_filter = ("answer",)
    list_select_related = ("postmortem__incident", "user")


@admin.register(Meeting)
class MeetingAdmin(_OfDocument):
    list_display = ("postmortem", "kind", "starts_at", "held_at", "cancelled_at")
    list_filter = ("kind",)
    list_select_related = ("postmortem__incident",)


@admin.register(WhyNode)
class WhyNodeAdmin(_OfDocument):
    list_display = ("text", "postmortem", "gate", "position")
    list_filter = ("gate",)
    list_select_related = ("postmortem__incident",)
    search_fields = ("text", "postmortem__incident__title")


@admin.register(ContributingFactor)
class ContributingFactorAdmin(_OfDocument):
    list_display = ("factor", "postmortem", "note")
    list_filter = ("factor__kind",)
    list_select_related = ("factor", "postmortem__incident")


@admin.register(PostmortemReminder)
class PostmortemReminderAdmin(_OfDocument):
    list_display = ("postmortem", "kind", "due_at", "sent_at")
    list_filter = ("kind",)
    list_select_related = ("postmortem__incident",)


@admin.register(Factor)
class FactorAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "shipped", "created_at")
    list_filter = ("kind", "shipped")
    search_fields = ("name",)

    def view_on_site(self, obj: Factor) -> str:
        return "/insights/factors/"
