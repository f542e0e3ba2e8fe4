"""Updates, promises and approvals of an incident in the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.serializers import StrictSerializer, valid
from core.errors import NotAllowed, NotVisible, field_error
from incidents import actions
from incidents.actions.update_templates import compose
from incidents.api.serializers import UpdateSerializer
from incidents.choices import UpdateAudience, UpdateState
from incidents.models import Incident, IncidentUpdate, UpdatePromise
from incidents.recipients import recipients
from incidents.selectors import allowed_verbs
from incidents.words import deliveries_of, delivery_data

MAX_ID = 2**63 - 1
_FACTS = ("impact", "doing", "needs", "workaround", "say", "do_not_say")


class FullUpdateSerializer(UpdateSerializer):
    """An update with the facts it was written from. `batch` joins those written at once."""

    class Meta(UpdateSerializer.Meta):
        fields = (*UpdateSerializer.Meta.fields, *_FACTS, "batch", "no_change", "reason", "decided_at")  # type: ignore[assignment]  # a longer tuple


class UpdatesInput(StrictSerializer):
    """Facts once, and a text for each audience; an empty text is composed by the most fitting template."""

    impact = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    doing = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    needs = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    workaround = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    say = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    do_not_say = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    next_update_in_minutes = serializers.IntegerField(
        min_value=0, max_value=10_080, required=False, allow_null=True
    )
    audiences = serializers.DictField(child=serializers.CharField(max_length=20_000, allow_blank=True))
    draft = serializers.BooleanField(required=False)
    batch = serializers.UUIDField(required=False, allow_null=True)


class AudienceInput(StrictSerializer):
    audience = serializers.ChoiceField(UpdateAudience.choices)


class UpdateIdInput(StrictSerializer):
    update = serializers.IntegerField(min_value=1, max_value=MAX_ID)  # type: ignore[assignment]  # the field's name


class RejectInput(UpdateIdInput):
    reason = serializers.CharField(max_length=500)


class SupportWordsInput(StrictSerializer):
    say = serializers.CharField(max_length=5000)
    do_not_say = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    workaround = serializers.CharField(max_length=5000, required=False, allow_blank=True)


class PromiseSerializer(serializers.ModelSerializer[UpdatePromise]):
    class Meta:
        model = UpdatePromise
        fields = ("audience", "began_at", "due_at")


class CommunicationVerbs:
    """Part of the incident view set."""

    @extend_schema(request=UpdatesInput, responses={201: FullUpdateSerializer(many=True)})
    @action(detail=True, methods=["post"], url_path="post-updates")
    def post_updates(self: Any, request: Request, number: str) -> Response:
        """Tell several audiences at once, or keep a draft: `results`, each with its state."""
        data = valid(UpdatesInput, request)
        texts: dict[str, str] = data.pop("audiences")
        unknown = [name for name in texts if name not in UpdateAudience.values]
        if unknown or not texts:
            raise field_error("audiences", f"One or more of {', '.join(UpdateAudience.values)}.")
        minutes, draft = data.pop("next_update_in_minutes", None), data.pop("draft", False)
        batch = data.pop("batch", None)
        facts = {name: data.get(name, "") for name in _FACTS}
        incident = self.get_object()
        now = clock.now()
        for name in [name for name, text in texts.items() if not text.strip()]:
            texts[name] = compose(incident, name, facts=facts, minutes=minutes, now=now)
        common: dict[str, Any] = {
            "actor": self.actor,
            "number": int(number),
            "texts": texts,
            "facts": actions.Facts(**facts),
            "next_update_in_minutes": minutes,
            "batch": batch,
        }
        if draft:
            kept = actions.save_draft(**common)
            rows = list(IncidentUpdate.objects.filter(batch=kept).order_by("pk"))
        else:
            rows = actions.post_updates(**common, text_field="audiences.{audience}", now=now)
        shown = FullUpdateSerializer(rows, many=True).data
        return Response({"results": shown}, status=status.HTTP_201_CREATED)

    @extend_schema(responses=FullUpdateSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def updates(self: Any, request: Request, number: str) -> Response:
        """What was said, newest first (200 at most); drafts and what waits for those who may write."""
        incident = self.get_object()
        rows = incident.updates.order_by("-pk")
        if "post_update" not in allowed_verbs(self.actor, incident):
            rows = rows.filter(state=UpdateState.SENT)
        return Response({"results": FullUpdateSerializer(rows[:200], many=True).data})

    @extend_schema(responses=PromiseSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def promises(self: Any, request: Request, number: str) -> Response:
        """When each audience was promised the next word."""
        rows = UpdatePromise.objects.filter(incident=self.get_object())
        return Response({"results": PromiseSerializer(rows, many=True).data})

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(
        detail=True,
        methods=["get"],
        url_path="updates/(?P<update_id>[0-9]{1,18})/deliveries",
        pagination_class=None,
        filterset_class=None,
    )
    def update_deliveries(self: Any, request: Request, number: str, update_id: str) -> Response:
        """What became of an update's messages: `results: [{name, user, channel, status, reason, sent_at}]`."""
        incident = self._permitted("post_update")
        row = IncidentUpdate.objects.filter(incident=incident, pk=int(update_id)).first()
        if row is None:
            raise NotVisible
        found = deliveries_of(incident, f"update:{row.pk}")
        return Response({"results": [delivery_data(one) for one in found]})

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def recipients(self: Any, request: Request, number: str) -> Response:
        """Who would get an internal and an executive update now: `{internal: [{name, channel, why}], …}`."""
        incident = self._permitted("post_update")
        return Response(
            {
                name: [
                    {"name": one.hint, "channel": one.channel, "why": one.why}
                    for one in recipients(incident, name)
                ]
                for name in (UpdateAudience.INTERNAL.value, UpdateAudience.EXECUTIVE.value)
            }
        )

    @extend_schema(request=AudienceInput, responses={201: FullUpdateSerializer})
    @action(detail=True, methods=["post"], url_path="no-change")
    def no_change(self: Any, request: Request, number: str) -> Response:
        """Say that nothing has changed, and when more comes; 409 before the first word."""
        row = actions.no_change(actor=self.actor, number=int(number), **valid(AudienceInput, request))
        return Response(FullUpdateSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=UpdateIdInput, responses=FullUpdateSerializer)
    @action(detail=True, methods=["post"], url_path="approve-update")
    def approve_update(self: Any, request: Request, number: str) -> Response:
        """Send an update that waits for approval; 409 when it was sent back."""
        data = valid(UpdateIdInput, request)
        row = actions.approve_update(actor=self.actor, number=int(number), update_id=data["update"])
        return Response(FullUpdateSerializer(row).data)

    @extend_schema(request=RejectInput, responses=FullUpdateSerializer)
    @action(detail=True, methods=["post"], url_path="reject-update")
    def reject_update(self: Any, request: Request, number: str) -> Response:
        """Send an update back to its author with a reason."""
        data = valid(RejectInput, request)
        row = actions.reject_update(
            actor=self.actor, number=int(number), update_id=data["update"], reason=data["reason"]
        )
        return Response(FullUpdateSerializer(row).data)

    @extend_schema(request=SupportWordsInput, responses={201: FullUpdateSerializer})
    @action(detail=True, methods=["post"], url_path="set-support-words")
    def set_support_words(self: Any, request: Request, number: str) -> Response:
        """What support says, does not say, and offers meanwhile."""
        data = valid(SupportWordsInput, request)
        row = actions.set_support_words(actor=self.actor, number=int(number), **data)
        return Response(FullUpdateSerializer(row).data, status=status.HTTP_201_CREATED)

    def _permitted(self: Any, verb: str) -> Incident:
        incident: Incident = self.get_object()
        if verb not in allowed_verbs(self.actor, incident):
            raise NotAllowed
        return incident
