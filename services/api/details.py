"""What hangs below a service: vendor, agreements, readiness, history, health, and giving it away."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.errors import NotVisible
from oncall.api.base import RoomViewSet, whole
from oncall.api.fields import InstantField, ReferenceField, WholeField, WordField
from oncall.api.serializers import several
from services import actions, readiness, selectors
from services.choices import Period, ServiceKind
from services.models import OwnershipTransfer, Service, Vendor
from services.selectors import page
from services.selectors.history import history as history_of
from services.selectors.page import transfers_of
from services.vendors.agreements import Attainment
from teams.models import Team


class VendorSerializer(serializers.ModelSerializer):
    read_at = InstantField(read_only=True)
    changed_at = InstantField(read_only=True)

    class Meta:
        model = Vendor
        fields = [
            "status_url",
            "support",
            "account",
            "contract_url",
            "indicator",
            "description",
            "components",
            "incidents",
            "failure",
            "read_at",
            "changed_at",
        ]


class VendorInput(serializers.Serializer):
    status_url = WordField(limit=500, blank=True, required=False)
    support = WordField(limit=300, blank=True, required=False)
    account = WordField(limit=120, blank=True, required=False)
    contract_url = WordField(limit=500, blank=True, required=False)


class AgreementInput(serializers.Serializer):
    """`target`: percent, as a number or text."""

    name = WordField(limit=120)
    party = WordField(limit=120, blank=True, default="")
    target = serializers.DecimalField(max_digits=7, decimal_places=4)
    period = serializers.ChoiceField(choices=Period.values, default=Period.MONTH)
    zone = WordField(limit=60, default="UTC")
    counts_degraded = serializers.BooleanField(default=False)
    consequence = WordField(limit=300, blank=True, default="")
    url = WordField(limit=500, blank=True, default="")
    starts_on = serializers.DateField(required=False, allow_null=True)
    ends_on = serializers.DateField(required=False, allow_null=True)


class AgreementsInput(serializers.Serializer):
    agreements = several(AgreementInput, max_length=20)


class AccessItemInput(serializers.Serializer):
    text = WordField(limit=200)
    url = WordField(limit=500, blank=True, default="")


class AccessItemsInput(serializers.Serializer):
    items = several(AccessItemInput, max_length=30)


class AccessConfirmInput(serializers.Serializer):
    items = serializers.ListField(child=WholeField(minimum=1), max_length=30)


class TransferInput(serializers.Serializer):
    to_team = ReferenceField(Team, slug=True)
    note = WordField(limit=500, blank=True, default="")


class TransferSerializer(serializers.ModelSerializer):
    service: serializers.Field = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    from_team: serializers.Field = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    to_team: serializers.Field = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    asked_at = InstantField(read_only=True)
    answered_at = InstantField(read_only=True)

    class Meta:
        model = OwnershipTransfer
        fields = ["id", "service", "from_team", "to_team", "note", "status", "asked_at", "answered_at"]


class ServiceDetails(RoomViewSet):
    """The addresses below a service; what it is itself is the subclass."""

    @extend_schema(methods=["GET"], responses=VendorSerializer)
    @extend_schema(methods=["PUT"], request=VendorInput, responses=VendorSerializer)
    @action(detail=True, methods=["get", "put"])
    def vendor(self, request: Request, slug: str) -> Response:
        """What is known of a vendor, and what its status page says; 404 for other kinds."""
        service = self.get_object()
        if service.kind != ServiceKind.VENDOR:
            raise NotVisible
        if request.method == "PUT":
            actions.set_vendor(actor=self.actor, service_id=service.pk, **self.checked(VendorInput))
        row = Vendor.objects.filter(service=service).first() or Vendor(service=service)
        return Response(VendorSerializer(row).data)

    @extend_schema(methods=["GET"], responses=OpenApiTypes.OBJECT)
    @extend_schema(methods=["PUT"], request=AgreementsInput, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get", "put"])
    def agreements(self, request: Request, slug: str) -> Response:
        """What was agreed and how it stands; PUT makes `agreements` all there are. Downtime in seconds."""
        service = self.get_object()
        if request.method == "PUT":
            rows = self.checked(AgreementsInput)["agreements"]
            actions.set_agreements(actor=self.actor, service_id=service.pk, rows=rows)
        rows = page.agreements_of(service, self.actor, clock.now())
        return whole([_agreement(row) for row in rows])

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"])
    def readiness(self, request: Request, slug: str) -> Response:
        """The lines of its readiness, and who has tried what of the access checklist."""
        service = self.get_object()
        found = readiness.of_services([service], self.actor, clock.now())[0]
        access = found.access
        return Response(
            {
                "ready": found.ready,
                "percent": found.percent,
                "checks": [check._asdict() for check in found.checks],
                "items": [{"id": item.pk, "text": item.text, "url": item.url} for item in access.items],
                "rota": [
                    {
                        "user": user.pk,
                        "complete": access.complete(user.pk),
                        "tried": {
                            str(item.pk): at.isoformat().replace("+00:00", "Z")
                            for item in access.items
                            if (at := access.tried.get((item.pk, user.pk)))
                        },
                    }
                    for user in access.rota
                ],
            }
        )

    @extend_schema(request=AccessItemsInput, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["put"], url_path="access-items")
    def access_items(self, request: Request, slug: str) -> Response:
        """Make these all items of the access checklist."""
        service = self.get_object()
        rows = self.checked(AccessItemsInput)["items"]
        made = actions.set_access_items(actor=self.actor, service_id=service.pk, rows=rows)
        return whole([{"id": row.pk, "text": row.text, "url": row.url} for row in made])

    @extend_schema(request=AccessConfirmInput, responses={204: None})
    @action(detail=True, methods=["post"], url_path="confirm-access", write_scope="respond")
    def confirm_access(self, request: Request, slug: str) -> Response:
        """I have tried these items just now, and they work."""
        service, ids = self.get_object(), self.checked(AccessConfirmInput)["items"]
        actions.confirm_access(actor=self.actor, service_id=service.pk, item_ids=ids)
        return Response(status=204)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"])
    def history(self, request: Request, slug: str) -> Response:
        """The newest 100 edits: who, when, and old and new of each field."""
        rows = history_of(self.get_object(), self.actor)
        return whole(
            [
                {
                    "at": row.entry.at.isoformat().replace("+00:00", "Z"),
                    "actor": row.entry.actor_label,
                    "via": row.entry.via,
                    "verb": row.entry.verb,
                    "fields": {name: [old, new] for name, old, new in row.fields},
                }
                for row in rows
            ]
        )

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"])
    def health(self, request: Request, slug: str) -> Response:
        """How it does now: ok, failing, hit or degraded; by which service, how many hops away."""
        service = self.get_object()
        found = selectors.health(self.actor).get(service.pk)
        if found is None:
            return Response({"state": "ok", "origin": None, "depth": None, "incidents": []})
        origin = Service.objects.visible_to(self.actor).filter(pk=found.origin).first()
        return Response(
            {
                "state": found.state,
                "origin": origin.slug if origin else None,
                "depth": found.depth,
                "incidents": [row.number for row in found.incidents],
            }
        )

    @extend_schema(methods=["GET"], responses=TransferSerializer(many=True))
    @extend_schema(methods=["POST"], request=TransferInput, responses={201: TransferSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def transfers(self, request: Request, slug: str) -> Response:
        """Offers to other teams, newest first; or make one. Its managers accept under `transfers/<id>/accept/`."""
        service = self.get_object()
        if request.method == "POST":
            data = self.checked(TransferInput)
            row = actions.ask_transfer(
                actor=self.actor, service_id=service.pk, to_team_id=data["to_team"], note=data["note"]
            )
            return Response(TransferSerializer(row).data, status=201)
        rows = transfers_of(service, self.actor).select_related("service", "from_team", "to_team")[:100]
        return whole(list(TransferSerializer(rows, many=True).data))

    @extend_schema(operation_id="services_transfers_answer", request=None, responses=TransferSerializer)
    @action(
        detail=False,
        methods=["post"],
        url_path="transfers/(?P<transfer>[0-9]{1,18})/(?P<verb>accept|decline|withdraw)",
    )
    def answer_transfer(self, request: Request, transfer: str, verb: str) -> Response:
        """Accept or decline an offer as a manager of the receiving team; withdraw it as one of the owning team."""
        acts = {
            "accept": actions.accept_transfer,
            "decline": actions.decline_transfer,
            "withdraw": actions.withdraw_transfer,
        }
        row = acts[verb](actor=self.actor, transfer_id=int(transfer))
        return Response(TransferSerializer(row).data)


def _agreement(each: Attainment) -> dict[str, Any]:
    row, run = each.agreement, each.running
    return {
        "name": row.name,
        "party": row.party,
        "target": float(row.target),
        "period": row.period,
        "zone": row.zone,
        "counts_degraded": row.counts_degraded,
        "consequence": row.consequence,
        "url": row.url,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "running": None
        if run is None
        else {
            "start": run.start.isoformat().replace("+00:00", "Z"),
            "end": run.end.isoformat().replace("+00:00", "Z"),
            "down_seconds": int(run.down.total_seconds()),
            "left_seconds": int(run.left.total_seconds()),
            "percent": round(run.percent, 5),
            "breached": run.breached,
            "incidents": each.numbers,
        },
        "earlier": [
            {
                "start": past.start.isoformat().replace("+00:00", "Z"),
                "percent": round(past.percent, 5),
                "breached": past.breached,
            }
            for past in each.earlier
        ],
    }
