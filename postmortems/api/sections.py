"""Shapes of sections, comments and revisions in the API. A hidden author is null everywhere."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from postmortems.actions.comments import MAX_COMMENT
from postmortems.actions.sections import MAX_SECTION
from postmortems.choices import SectionKey, SectionState
from postmortems.models import PostmortemSection, SectionComment, SectionRevision

_MAX_VERSION = 2**31 - 1


def section_body(section: PostmortemSection) -> dict[str, Any]:
    """`{text, version, state, author, author_hidden, updated_at}`."""
    return {
        "text": section.text,
        "version": section.version,
        "state": section.state,
        "author": None if section.author_hidden else section.author_id,
        "author_hidden": section.author_hidden,
        "updated_at": section.updated_at,
    }


class SectionChange(serializers.Serializer[Any]):
    """`version`: the one that was read. Then changes to other lines made meanwhile are merged, and changes to the
    same lines are a 409 `edited_meanwhile`."""

    text = serializers.CharField(
        required=False, max_length=MAX_SECTION, allow_blank=True, trim_whitespace=False
    )
    version = serializers.IntegerField(required=False, min_value=1, max_value=_MAX_VERSION)
    state = serializers.ChoiceField(SectionState.choices, required=False)
    author_hidden = serializers.BooleanField(required=False)

    def to_internal_value(self, data: Any) -> Any:
        """A text alone is short for `{"text": …}`."""
        if isinstance(data, dict):
            unknown = sorted(str(name) for name in set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError({unknown[0][:40]: ["There is no such field."]})
            return super().to_internal_value(data)
        if not isinstance(data, str):
            raise serializers.ValidationError("A text, or an object with text, version and state.")
        return super().to_internal_value({"text": data})


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {
            "oneOf": [
                {"type": "string", "maxLength": MAX_SECTION},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "text": {"type": "string", "maxLength": MAX_SECTION},
                        "version": {"type": "integer", "minimum": 1, "maximum": _MAX_VERSION},
                        "state": {"type": "string", "enum": list(SectionState.values)},
                        "author_hidden": {"type": "boolean"},
                    },
                },
            ]
        },
    }
)
class SectionsField(serializers.DictField):
    """Section key → text, or `{text?, version?, state?, author_hidden?}`."""

    child = SectionChange()

    def to_internal_value(self, data: Any) -> Any:
        found = super().to_internal_value(data)
        unknown = sorted(set(found) - set(SectionKey.values))
        if unknown:
            raise serializers.ValidationError(f"There is no section “{unknown[0][:40]}”.")
        return found


class CommentSerializer(serializers.ModelSerializer[SectionComment]):
    section = serializers.CharField(source="section.key", read_only=True)

    class Meta:
        model = SectionComment
        fields = ("id", "section", "author", "quote", "text", "created_at", "resolved_at", "resolved_by")
        read_only_fields = fields


class CommentInput(serializers.Serializer[Any]):
    section = serializers.ChoiceField(SectionKey.choices)
    text = serializers.CharField(max_length=MAX_COMMENT)
    quote = serializers.CharField(max_length=300, required=False, allow_blank=True)


class RevisionSerializer(serializers.ModelSerializer[SectionRevision]):
    author = serializers.SerializerMethodField()

    class Meta:
        model = SectionRevision
        fields = ("version", "text", "author", "author_hidden", "saved_at")
        read_only_fields = fields

    def get_author(self, row: SectionRevision) -> int | None:
        return None if row.author_hidden else row.author_id


class ClashSerializer(serializers.Serializer[Any]):
    """409 `edited_meanwhile`: a problem with what is needed to compare."""

    code = serializers.CharField()
    detail = serializers.CharField()
    section = serializers.CharField()
    version = serializers.IntegerField()
    base = serializers.CharField(allow_null=True)
    theirs = serializers.CharField()
    mine = serializers.CharField()
