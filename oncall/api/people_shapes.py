"""The wire shapes of what people ask and tell about shifts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from oncall.api.fields import InstantField, WholeField, WordField
from oncall.models import HandoffNote, Leave, Shadow, ShiftRequest


class ShiftRequestSerializer(serializers.ModelSerializer):
    schedule = WholeField(source="schedule_id", read_only=True)
    user = WholeField(source="user_id", read_only=True)
    offered_to = WholeField(source="offered_to_id", read_only=True, allow_null=True)
    answered_by = WholeField(source="answered_by_id", read_only=True, allow_null=True)
    created_by = WholeField(source="created_by_id", read_only=True, allow_null=True)
    starts_at = InstantField(read_only=True)
    ends_at = InstantField(read_only=True)
    back_starts_at = InstantField(read_only=True, allow_null=True)
    back_ends_at = InstantField(read_only=True, allow_null=True)
    created_at = InstantField(read_only=True)

    class Meta:
        model = ShiftRequest
        fields = [
            "id",
            "schedule",
            "kind",
            "user",
            "offered_to",
            "starts_at",
            "ends_at",
            "back_starts_at",
            "back_ends_at",
            "note",
            "status",
            "answered_by",
            "created_by",
            "created_at",
        ]


class ShiftRequestInput(serializers.Serializer):
    """With `back_starts_at` and `back_ends_at` a swap, else cover. `user`: oneself by default."""

    user = WholeField(minimum=1, required=False)
    offered_to = WholeField(minimum=1, required=False, allow_null=True)
    starts_at = InstantField()
    ends_at = InstantField()
    back_starts_at = InstantField(required=False, allow_null=True)
    back_ends_at = InstantField(required=False, allow_null=True)
    note = WordField(limit=500, blank=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        back = (attrs.pop("back_starts_at", None), attrs.pop("back_ends_at", None))
        if (back[0] is None) != (back[1] is None):
            raise serializers.ValidationError({"back_ends_at": ["Give both times of the swap, or none."]})
        attrs["back"] = None if back[0] is None else back
        attrs["window"] = (attrs.pop("starts_at"), attrs.pop("ends_at"))
        return attrs


class TakeInput(serializers.Serializer):
    """Whom to relieve, and until when (the end of their shift by default)."""

    user = WholeField(minimum=1)
    until = InstantField(required=False, allow_null=True)


class NoFieldsInput(serializers.Serializer):
    """No fields."""


class LeaveSerializer(serializers.ModelSerializer):
    user = WholeField(source="user_id", read_only=True)
    starts_at = InstantField(read_only=True)
    ends_at = InstantField(read_only=True)
    calendar = WholeField(source="calendar_id", read_only=True, allow_null=True)

    class Meta:
        model = Leave
        fields = ["id", "user", "starts_at", "ends_at", "note", "calendar"]


class LeaveInput(serializers.Serializer):
    user = WholeField(minimum=1, required=False)
    starts_at = InstantField()
    ends_at = InstantField()
    note = WordField(limit=200, blank=True, required=False)


class ShadowSerializer(serializers.ModelSerializer):
    user = WholeField(source="user_id", read_only=True)
    follows = WholeField(source="follows_id", read_only=True, allow_null=True)
    starts_at = InstantField(read_only=True)
    ends_at = InstantField(read_only=True)

    class Meta:
        model = Shadow
        fields = ["id", "user", "follows", "starts_at", "ends_at"]


class ShadowInput(serializers.Serializer):
    user = WholeField(minimum=1)
    follows = WholeField(minimum=1, required=False, allow_null=True)
    starts_at = InstantField()
    ends_at = InstantField()


class HandoffNoteSerializer(serializers.ModelSerializer):
    author = WholeField(source="author_id", read_only=True, allow_null=True)
    shift_ends_at = InstantField(read_only=True)
    updated_at = InstantField(read_only=True)

    class Meta:
        model = HandoffNote
        fields = ["id", "author", "shift_ends_at", "text", "load", "updated_at"]


class HandoffNoteInput(serializers.Serializer):
    text = WordField(limit=10_000, blank=True)
    load = WholeField(minimum=1, maximum=5, required=False, allow_null=True)


class PreferenceInput(serializers.Serializer):
    remind_minutes = serializers.ListField(child=WholeField(minimum=1, maximum=20_160), max_length=5)
    handoff_notices = serializers.BooleanField()
