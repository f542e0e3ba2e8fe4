"""`checks/`."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.actions import checks as actions
from alerts.api.common import service_id
from alerts.checks import selectors
from alerts.checks.settings import BOUNDS, MAX_TARGET, fields_of
from alerts.checks.uptime import uptimes_of_check
from alerts.choices import SEVERITIES, CheckKind, CheckStatus
from alerts.models import Check, CheckRun
from core import clock
from core.api.serializers import StrictSerializer, valid
from core.api.views import ActorViewSet
from core.errors import InvalidInput

UPTIME_DAYS = (1, 7, 30, 90)


class CheckRunSerializer(serializers.ModelSerializer[CheckRun]):
    """What one location saw last; `ok` is null before its first result."""

    id = serializers.IntegerField(source="location_id", read_only=True)
    name = serializers.CharField(source="location.name", read_only=True)

    class Meta:
        model = CheckRun
        fields = ("id", "name", "ok", "detail", "milliseconds", "seen_at", "next_at")
        read_only_fields = fields


class CheckSerializer(serializers.ModelSerializer[Check]):
    """A check. `locations`: where it is made from and what each saw last; of its headers the names alone."""

    service: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("slug", read_only=True)
    team: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("slug", read_only=True)
    kind = serializers.ChoiceField(CheckKind.choices, read_only=True)
    status = serializers.ChoiceField(CheckStatus.choices, read_only=True)
    severity = serializers.ChoiceField(SEVERITIES, read_only=True)
    settings = serializers.DictField(read_only=True)
    headers = serializers.SerializerMethodField()
    locations = CheckRunSerializer(source="runs", many=True, read_only=True)

    class Meta:
        model = Check
        fields: tuple[str, ...] = (
            "id",
            "name",
            "service",
            "team",
            "kind",
            "target",
            "settings",
            "headers",
            "interval_seconds",
            "timeout_seconds",
            "needed",
            "severity",
            "status",
            "changed_at",
            "locations",
            "integration",
            "created_at",
        )
        read_only_fields: tuple[str, ...] = fields

    def get_headers(self, row: Check) -> list[str]:
        return actions.header_names(row)


class UptimeSerializer(serializers.Serializer[Any]):
    """Fraction 0..1 of the time with a verdict that it was up, over the last days; null without any."""

    days_1 = serializers.FloatField(allow_null=True)
    days_7 = serializers.FloatField(allow_null=True)
    days_30 = serializers.FloatField(allow_null=True)
    days_90 = serializers.FloatField(allow_null=True)


class CheckDetailSerializer(CheckSerializer):
    uptime = serializers.SerializerMethodField()

    class Meta(CheckSerializer.Meta):
        fields = (*CheckSerializer.Meta.fields, "uptime")
        read_only_fields = fields

    @extend_schema_field(UptimeSerializer)
    def get_uptime(self, row: Check) -> dict[str, float | None]:
        found = uptimes_of_check(row.pk, UPTIME_DAYS, clock.now())
        return {f"days_{days}": value for days, value in found.items()}


def _whole(name: str, **options: Any) -> serializers.IntegerField:
    least, most = BOUNDS[name]
    return serializers.IntegerField(min_value=least, max_value=most, required=False, **options)


class CheckPatch(StrictSerializer):
    """`settings` are those of the kind; what is not named stays. `headers`: all of them by name, only written;
    null keeps the value that is stored. `locations`: their ids, at least as many as `needed`."""

    name = serializers.CharField(max_length=120, required=False)
    service = serializers.CharField(max_length=80, required=False)
    kind = serializers.ChoiceField(CheckKind.choices, required=False)
    target = serializers.CharField(max_length=MAX_TARGET, required=False)
    settings = serializers.DictField(required=False)
    headers = serializers.DictField(
        child=serializers.CharField(
            max_length=2000, allow_blank=True, allow_null=True, trim_whitespace=False
        ),
        write_only=True,
        required=False,
    )
    interval_seconds = _whole("interval_seconds")
    timeout_seconds = _whole("timeout_seconds")
    needed = _whole("needed")
    severity = serializers.ChoiceField(SEVERITIES, required=False)
    locations = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), max_length=100, required=False
    )


class CheckInput(CheckPatch):
    name = serializers.CharField(max_length=120)
    service = serializers.CharField(max_length=80)
    target = serializers.CharField(max_length=MAX_TARGET)
    locations = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), max_length=100
    )


class CheckViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """Servers, certificates and names that are asked again and again, from at least two locations."""

    model = Check
    serializer_class = CheckSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[Check]:
        return selectors.checks(self.actor)

    def get_serializer_class(self) -> Any:
        return CheckDetailSerializer if self.action == "retrieve" else CheckSerializer

    @extend_schema(request=CheckInput, responses={201: CheckSerializer})
    def create(self, request: Request) -> Response:
        """Make a check; its first results come within seconds."""
        check = self._saved(CheckInput)
        return Response(CheckSerializer(self._again(check)).data, status=201)

    @extend_schema(request=CheckPatch, responses=CheckSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it; when something else is asked than before, it is asked at once."""
        check = self._saved(CheckPatch, check_id=int(pk))
        return Response(CheckSerializer(self._again(check)).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Its history goes with it; alerts it opened stay on record."""
        actions.delete_check(actor=self.actor, check_id=int(pk))
        return Response(status=204)

    @extend_schema(request=None, responses=CheckSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """It is asked no more until it is resumed; open alerts of it resolve."""
        return self._shown(actions.pause_check(actor=self.actor, check_id=int(pk)))

    @extend_schema(request=None, responses=CheckSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """It is asked at once, from everywhere."""
        return self._shown(actions.resume_check(actor=self.actor, check_id=int(pk)))

    @extend_schema(request=None, responses=CheckSerializer)
    @action(detail=True, methods=["post"], url_path="check-now")
    def check_now(self, request: Request, pk: str) -> Response:
        """It is asked from every location within seconds."""
        return self._shown(actions.check_now(actor=self.actor, check_id=int(pk)))

    def _saved(self, shape: type[StrictSerializer], check_id: int | None = None) -> Check:
        fields = valid(shape, self.request)
        if "service" in fields:
            fields["service_id"] = service_id(self.actor, fields.pop("service"))
        if "locations" in fields:
            fields["location_ids"] = fields.pop("locations")
        try:
            return actions.save_check(actor=self.actor, check_id=check_id, **fields)
        except InvalidInput as error:
            raise _named(error) from None

    def _again(self, check: Check) -> Check:
        return self.visible().get(pk=check.pk)

    def _shown(self, check: Check) -> Response:
        return Response(CheckSerializer(self._again(check)).data)


def _named(error: InvalidInput) -> InvalidInput:
    """Settings by their place in the body."""
    settings = {field.name for kind in CheckKind.values for field in fields_of(kind)}
    own = set(CheckPatch().fields)
    fields = {
        f"settings.{name}" if name in settings or name not in own else name: reasons
        for name, reasons in error.fields.items()
    }
    return InvalidInput(error.sentence, fields=fields)
