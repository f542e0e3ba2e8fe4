"""`check-worker/`: what a worker at a location asks for and reports, by the location's token."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from alerts.actions import check_work
from alerts.checks.selectors import location_by_token
from alerts.checks.work import AT_ONCE, MAX_RESULTS, Result, pause
from alerts.choices import CheckKind
from alerts.models import CheckLocation
from core import clock, ratelimit
from core.api.serializers import StrictSerializer, valid
from teams.api.throttling import BURST, RATE


class LocationAuthentication(BaseAuthentication):
    """`Authorization: Bearer <location token>`; unknown ones and those of inactive locations answer 401.

    Nobody is signed in by it: `request.auth` is the location, and it opens these two addresses alone.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        location = location_by_token(secret.strip())
        if location is None:
            raise exceptions.AuthenticationFailed("The token belongs to no active check location.")
        return None, location

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class LocationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its base registers untyped
    target_class = LocationAuthentication
    name = "check_location"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "The token of a check location."}


class ByLocation(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, CheckLocation)


class LocationThrottle(BaseThrottle):
    """As fast as any token, for each location."""

    def allow_request(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, CheckLocation):
            return True
        self._wait = ratelimit.take(f"api:c{request.auth.pk}", rate=RATE, burst=BURST)
        return self._wait == 0

    def wait(self) -> float | None:
        return float(self._wait)


class LeaseInput(StrictSerializer):
    """`limit`: how many checks the worker has room for."""

    limit = serializers.IntegerField(min_value=1, max_value=AT_ONCE, default=AT_ONCE)


class WorkSerializer(serializers.Serializer[Any]):
    """One check to be made once. `lease` goes back with the result; it holds for the timeout and 30 seconds."""

    run = serializers.IntegerField(source="run_id")
    lease = serializers.CharField()
    kind = serializers.ChoiceField(CheckKind.choices)
    target = serializers.CharField()
    settings = serializers.DictField()
    headers = serializers.DictField(child=serializers.CharField())
    timeout_seconds = serializers.IntegerField()


class LeaseSerializer(serializers.Serializer[Any]):
    """`next_at`: when something is due again, null when the location has no checks; `wait_seconds`: when to ask."""

    work = WorkSerializer(many=True)
    next_at = serializers.DateTimeField(allow_null=True)
    wait_seconds = serializers.FloatField()


class ResultInput(StrictSerializer):
    run = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    lease = serializers.CharField(max_length=60)
    ok = serializers.BooleanField()
    detail = serializers.CharField(max_length=1000, allow_blank=True)
    milliseconds = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class ResultsInput(StrictSerializer):
    results = serializers.ListField(child=ResultInput(), max_length=MAX_RESULTS)


class ReportedSerializer(serializers.Serializer[Any]):
    """What became of the results: kept; too late or a repetition; not of this location (or no more)."""

    taken = serializers.IntegerField()
    late = serializers.IntegerField()
    refused = serializers.IntegerField()


class _WorkerView(APIView):
    authentication_classes = [LocationAuthentication]
    permission_classes = [ByLocation]
    throttle_classes = [LocationThrottle]

    @property
    def location(self) -> CheckLocation:
        found: Any = self.request.auth
        return cast(CheckLocation, found)


class LeaseView(_WorkerView):
    @extend_schema(request=LeaseInput, responses=LeaseSerializer)
    def post(self, request: Request) -> Response:
        """Take what is due at the location; nobody else gets it while the lease holds."""
        now = clock.database_now()
        limit = valid(LeaseInput, request)["limit"]
        work = check_work.lease(location=self.location, limit=limit, now=now)
        following = check_work.next_due(self.location, now)
        answer = {"work": work, "next_at": following, "wait_seconds": pause(following, now)}
        return Response(LeaseSerializer(answer).data)


class ResultsView(_WorkerView):
    @extend_schema(request=ResultsInput, responses=ReportedSerializer)
    def post(self, request: Request) -> Response:
        """Tell what was seen. Each result counts once; repeating a report does no harm."""
        results = [
            Result(each["run"], each["lease"], each["ok"], each["detail"], each["milliseconds"])
            for each in valid(ResultsInput, request)["results"]
        ]
        done = check_work.report(location=self.location, results=results)
        return Response(ReportedSerializer(done._asdict()).data)
