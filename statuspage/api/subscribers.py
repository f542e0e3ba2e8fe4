"""`status-pages/<slug>/subscribers/`: for managers of the page's team; others who see the page get numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.serializers import StrictSerializer
from core.api.views import ActorViewSet
from core.errors import NotVisible, field_error
from statuspage.actions import subscribers as actions
from statuspage.choices import Language, SubscriberKind, SubscriberState
from statuspage.models import StatusPage, Subscriber
from statuspage.subscribers import importing as table
from statuspage.subscribers import selectors
from statuspage.subscribers.addresses import MAX_ADDRESS, told
from statuspage.views.subscribers import csv_response

_SLUG = OpenApiParameter("slug", str, OpenApiParameter.PATH)
_ID = OpenApiParameter("public_id", str, OpenApiParameter.PATH)
_AGREED = OpenApiParameter("agreed", bool, description="They have agreed to get these mails: none is asked.")
_PLAN = OpenApiParameter("plan", bool, description="Change nothing, only say what would happen.")


class SubscriberSerializer(serializers.ModelSerializer[Subscriber]):
    """A subscriber. `components` and `notice` are ids; both empty: the whole page."""

    id = serializers.CharField(source="public_id", read_only=True)
    kind = serializers.ChoiceField(SubscriberKind.choices, read_only=True)
    state = serializers.ChoiceField(SubscriberState.choices, read_only=True)
    language = serializers.ChoiceField(Language.choices, read_only=True)
    address = serializers.SerializerMethodField()
    components: Any = serializers.SlugRelatedField("public_id", many=True, read_only=True)
    notice: Any = serializers.SlugRelatedField("public_id", read_only=True)

    class Meta:
        model = Subscriber
        fields: tuple[str, ...] = (
            "id",
            "kind",
            "address",
            "state",
            "language",
            "components",
            "notice",
            "source",
            "created_at",
            "confirmed_at",
            "ended_at",
            "failures",
            "last_error",
            "last_sent_at",
        )
        read_only_fields: tuple[str, ...] = fields

    def get_address(self, row: Subscriber) -> str:
        return told(row)


class NewSubscriberSerializer(SubscriberSerializer):
    """With the signing secret of a webhook, shown this once; "" for other kinds."""

    secret = serializers.SerializerMethodField()

    class Meta(SubscriberSerializer.Meta):
        fields = (*SubscriberSerializer.Meta.fields, "secret")
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.STR)
    def get_secret(self, row: Subscriber) -> str:
        return str(self.context.get("secret", ""))


class SubscriberInput(StrictSerializer):
    """`agreed`: the owner of the mail address wants it, so that no question goes out."""

    address = serializers.CharField(max_length=MAX_ADDRESS)
    kind = serializers.ChoiceField(SubscriberKind.choices, required=False)
    components = serializers.ListField(
        child=serializers.CharField(max_length=12), required=False, max_length=actions.MAX_COMPONENTS
    )
    language = serializers.ChoiceField(Language.choices, required=False)
    agreed = serializers.BooleanField(required=False)


_COUNTS = inline_serializer(
    "SubscriberCounts", {name: serializers.IntegerField() for name in SubscriberState.values}
)
_SECRET = inline_serializer("SubscriberSecret", {"secret": serializers.CharField()})
_PLANNED = inline_serializer(
    "SubscriberImportResult",
    {
        "active": serializers.IntegerField(),
        "asked": serializers.IntegerField(),
        "known": serializers.IntegerField(),
        "problems": serializers.ListField(child=serializers.CharField()),
    },
)


class CSVParser(BaseParser):
    """UTF-8 text of at most 5 MB."""

    media_type = "text/csv"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        body: bytes = stream.read(table.MAX_BYTES + 1)
        if len(body) > table.MAX_BYTES:
            raise field_error("file", "At most 5 MB.")
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ParseError("The body is not UTF-8 text.") from None


@extend_schema(parameters=[_SLUG])
class SubscriberViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """Who is told of a page's notices."""

    model = Subscriber
    serializer_class = SubscriberSerializer
    lookup_field = "public_id"
    lookup_value_regex = "[a-z0-9]{12}"

    def status_page(self) -> StatusPage:
        """The page of the address; 404 when the actor may not see it."""
        page: StatusPage | None = (
            StatusPage.objects.visible_to(self.actor).filter(slug=self.kwargs["slug"]).first()
        )
        if page is None:
            raise NotVisible
        return page

    def visible(self) -> QuerySet[Subscriber]:
        page = actions.managed_page(self.actor, self.status_page().pk)
        query = self.request.query_params
        address = query.get("address", "").replace("\0", "")[:MAX_ADDRESS]
        return selectors.subscribers(
            page,
            kinds=_chosen(query, "kind", SubscriberKind.values),
            states=_chosen(query, "state", SubscriberState.values),
            address=address,
        )

    @extend_schema(
        parameters=[
            OpenApiParameter("kind", str, enum=SubscriberKind.values),
            OpenApiParameter("state", str, enum=SubscriberState.values),
            OpenApiParameter("address", str, description="This address exactly."),
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest first. Managers of the page's team."""
        return super().list(request, *args, **kwargs)

    @extend_schema(parameters=[_ID])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One subscriber."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(request=SubscriberInput, responses={201: NewSubscriberSerializer})
    def create(self, request: Request, slug: str) -> Response:
        """Add one: hooks are active at once, mail is asked first unless `agreed`."""
        serializer = SubscriberInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = dict(serializer.validated_data)
        row, secret = actions.add_subscriber(
            actor=self.actor,
            page_id=self.status_page().pk,
            component_ids=data.pop("components", []),
            **data,
        )
        return Response(NewSubscriberSerializer(row, context={"secret": secret}).data, status=201)

    @extend_schema(parameters=[_ID], request=None, responses={204: None})
    def destroy(self, request: Request, slug: str, public_id: str) -> Response:
        """Gone with everything that was sent to it."""
        actions.remove_subscriber(actor=self.actor, page_id=self.status_page().pk, public_id=public_id)
        return Response(status=204)

    @extend_schema(parameters=[_ID], request=None, responses=SubscriberSerializer)
    @action(detail=True, methods=["post"], url_path="ask-again")
    def ask_again(self, request: Request, slug: str, public_id: str) -> Response:
        """Send the mail with the link to confirm once more."""
        page = self.status_page()
        row = actions.ask_again(actor=self.actor, page_id=page.pk, public_id=public_id)
        return Response(SubscriberSerializer(row).data)

    @extend_schema(parameters=[_ID], request=None, responses=SubscriberSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, slug: str, public_id: str) -> Response:
        """Send to one again that was paused after failures."""
        page = self.status_page()
        row = actions.revive_subscriber(actor=self.actor, page_id=page.pk, public_id=public_id)
        return Response(SubscriberSerializer(row).data)

    @extend_schema(parameters=[_ID], request=None, responses=_SECRET)
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, slug: str, public_id: str) -> Response:
        """Give a webhook a new signing secret, shown this once."""
        page = self.status_page()
        secret = actions.new_hook_secret(actor=self.actor, page_id=page.pk, public_id=public_id)
        return Response({"secret": secret})

    @extend_schema(responses=_COUNTS)
    @action(detail=False, methods=["get"], pagination_class=None)
    def counts(self, request: Request, slug: str) -> Response:
        """How many by state; for everybody who sees the page."""
        return Response(selectors.counts(self.status_page()))

    @extend_schema(
        parameters=[_AGREED, _PLAN],
        request={"text/csv": OpenApiTypes.STR},
        responses=_PLANNED,
    )
    @action(detail=False, methods=["post"], url_path="import", url_name="import", parser_classes=[CSVParser])
    def import_csv(self, request: Request, slug: str) -> Response:
        """All lines or, when one has a fault, none. Columns: email or address, kind, components, language."""
        given = {
            "actor": self.actor,
            "page_id": self.status_page().pk,
            "text": request.data if isinstance(request.data, str) else "",
            "agreed": _yes(request, "agreed"),
        }
        if _yes(request, "plan"):
            plan = table.plan_import(**given)
        else:
            plan = table.apply_import(**given)
        problems = [f"Line {row.line}: {row.faults[0]}" for row in plan.faulty[:100]]
        return Response({**plan.counts, "problems": problems})

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    @action(detail=False, methods=["get"], pagination_class=None)
    def export(self, request: Request, slug: str) -> HttpResponseBase:
        """All of them as CSV, in the shape the import reads."""
        page = self.status_page()
        return csv_response(page, table.export(actor=self.actor, page_id=page.pk))


def _chosen(query: Any, name: str, known: Sequence[str]) -> list[str]:
    """Values of a filter; `InvalidInput` for one there is not."""
    chosen = [value for value in query.getlist(name) if value]
    if set(chosen) - set(known):
        raise field_error(name, f"One of {', '.join(known)}.")
    return chosen


def _yes(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in ("1", "true", "yes")
