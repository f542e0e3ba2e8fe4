"""What action items look like in the API, and what it takes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from postmortems.choices import ItemClass, ItemPriority, ItemStatus
from postmortems.models import ActionItem, ItemNote, ItemTicket

MAX_ID = 2**63 - 1


class TargetSerializer(serializers.Serializer[Any]):
    """The thing the item changes; it ticks itself when that was changed after `since`."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name beside the one DRF has
    url = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    changed_at = serializers.DateTimeField(allow_null=True)


class TicketSerializer(serializers.ModelSerializer[ItemTicket]):
    """The issue in a tracker that stands for it; `number` is empty while it is being made. `state`: open, done or
    dropped, as the tracker has it. `problem`: why the two are not the same, in words."""

    state = serializers.CharField(source="remote_state", read_only=True)

    class Meta:
        model = ItemTicket
        fields = ("connection", "number", "url", "state", "problem")
        read_only_fields = fields


class ActionItemSerializer(serializers.ModelSerializer[ActionItem]):
    """Owner and date are null only while the postmortem is a draft. `drop_asked_at`: somebody asks not to do it and
    a manager has not decided yet; the reason is in `reason`."""

    incident: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("number", read_only=True)
    team: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("slug", read_only=True)
    status = serializers.ChoiceField(ItemStatus.choices, read_only=True)
    priority = serializers.ChoiceField(ItemPriority.choices, read_only=True)
    target = serializers.SerializerMethodField()
    ticket = serializers.SerializerMethodField()

    class Meta:
        model = ActionItem
        fields = (
            "id",
            "title",
            "detail",
            "owner",
            "backup",
            "due_on",
            "status",
            "priority",
            "postmortem",
            "incident",
            "team",
            "proof",
            "proof_link",
            "reason",
            "snoozed_until",
            "snooze_reason",
            "drop_asked_by",
            "drop_asked_at",
            "drop_approved_by",
            "target",
            "ticket",
            "created_at",
            "updated_at",
            "closed_at",
        )
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        """Adds `class`, which Python cannot spell as an attribute."""
        fields = super().get_fields()
        fields["class"] = serializers.ChoiceField(ItemClass.choices, source="item_class", read_only=True)
        return fields

    @extend_schema_field(TargetSerializer(allow_null=True))
    def get_target(self, item: ActionItem) -> dict[str, Any] | None:
        if not item.target:
            return None
        return dict(
            TargetSerializer(
                {
                    "key": item.target,
                    "label": item.target_label,
                    "url": item.target_url,
                    "since": item.target_since,
                    "changed_at": item.target_changed_at,
                }
            ).data
        )

    @extend_schema_field(TicketSerializer(allow_null=True))
    def get_ticket(self, item: ActionItem) -> dict[str, Any] | None:
        ticket = getattr(item, "ticket", None)
        return dict(TicketSerializer(ticket).data) if ticket else None


class _Common(serializers.Serializer[Any]):
    detail = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    priority = serializers.ChoiceField(ItemPriority.choices, required=False)
    backup = serializers.IntegerField(
        required=False, allow_null=True, source="backup_id", min_value=1, max_value=MAX_ID
    )
    owner = serializers.IntegerField(
        required=False, allow_null=True, source="owner_id", min_value=1, max_value=MAX_ID
    )
    due_on = serializers.DateField(required=False, allow_null=True)
    proof = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    proof_link = serializers.CharField(max_length=500, required=False, allow_blank=True)
    target = serializers.CharField(
        max_length=60,
        required=False,
        allow_blank=True,
        help_text="`playbook:3`, `runbooktext:4`, `runbook:<service id>`, `service:…`, `check:…` or `objective:…`; "
        "empty for none",
    )

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["class"] = serializers.ChoiceField(ItemClass.choices, required=False, source="item_class")
        return fields


class ActionItemInput(_Common):
    """`postmortem` or `incident`. `owner` and `due_on` may be left out only with a postmortem that is a draft."""

    title = serializers.CharField(max_length=300)
    postmortem = serializers.IntegerField(
        required=False, allow_null=True, source="postmortem_id", min_value=1, max_value=MAX_ID
    )
    incident = serializers.IntegerField(
        required=False, allow_null=True, source="incident_number", min_value=1, max_value=2**31 - 1
    )


class ActionItemPatch(_Common):
    """`status: wont_do` needs `reason`; from those who may not decide it is a request."""

    title = serializers.CharField(max_length=300, required=False)
    status = serializers.ChoiceField(ItemStatus.choices, required=False)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class ItemSnoozeInput(serializers.Serializer[Any]):
    """No reminder before this day, at most 30 days ahead; null ends it. `reason` is needed with a day."""

    until = serializers.DateField(allow_null=True)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class ItemRefuseInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class ItemNoteInput(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=5000)


class ItemNoteSerializer(serializers.ModelSerializer[ItemNote]):
    """`by_hand`: what somebody said; otherwise what happened."""

    class Meta:
        model = ItemNote
        fields = ("id", "author", "author_label", "text", "by_hand", "created_at")
        read_only_fields = fields
