from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.admin import ReadOnlyAdmin
from postmortems.models import Postmortem, PostmortemSection, PostmortemTemplate, SectionComment


@admin.register(Postmortem)
class PostmortemAdmin(ReadOnlyAdmin):
    list_display = ("incident", "status", "owner", "due_at", "published_at")
    list_filter = ("status",)
    list_select_related = ("incident", "owner")
    search_fields = ("incident__title",)


@admin.register(PostmortemSection)
class PostmortemSectionAdmin(ReadOnlyAdmin):
    list_display = ("postmortem", "key", "version", "shown_author", "updated_at")
    exclude = ("author",)
    list_filter = ("key",)
    list_select_related = ("postmortem__incident", "author")
    search_fields = ("text", "postmortem__incident__title")

    @admin.display(description=_("author"))
    def shown_author(self, obj: PostmortemSection) -> str:
        """Nobody reads a name that is not to be shown, staff neither."""
        return "" if obj.author_hidden or obj.author is None else str(obj.author)

    def view_on_site(self, obj: PostmortemSection) -> str:
        return obj.postmortem.get_absolute_url()


@admin.register(SectionComment)
class SectionCommentAdmin(ReadOnlyAdmin):
    list_display = ("section", "author_label", "created_at", "resolved_at")
    list_filter = ("created_at",)
    list_select_related = ("section__postmortem__incident",)
    search_fields = ("text", "author_label")

    def view_on_site(self, obj: SectionComment) -> str:
        return obj.section.postmortem.get_absolute_url()


@admin.register(PostmortemTemplate)
class PostmortemTemplateAdmin(ReadOnlyAdmin):
    list_display = ("name", "team", "type", "active", "updated_at")
    list_filter = ("active", "team")
    list_select_related = ("team", "type")
    search_fields = ("name",)
