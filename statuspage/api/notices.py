"""`status-pages/<slug>/notices/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.serializers import valid
from core.errors import NotVisible
from statuspage import actions
from statuspage.actions.from_incident import tell_public
from statuspage.api import inputs, shapes
from statuspage.api.parts import below, ids_of
from statuspage.models import Notice, NoticeUpdate, StatusPage

if TYPE_CHECKING:
    from teams.actor import Actor

_NOTICE = "notices/(?P<notice>[a-z0-9]{12})"
_UPDATE = "notices/updates/(?P<update>[a-z0-9]{12})"
_WINDOW = (
    "scheduled_for",
    "scheduled_until",
    "auto_start",
    "auto_end",
    "remind_minutes",
    "repeats",
    "repeats_until",
)
_WORDS = ("body", "body_in", "status", "next_update_at", "eta_at", "deliver")


class NoticesMixin:
    """Verbs of a page about what it says."""

    if TYPE_CHECKING:
        # What the view set below brings along; a method here would stand before its own.
        actor: Actor

        def get_object(self) -> StatusPage: ...

    @extend_schema(
        methods=["GET"],
        operation_id="status_pages_notices_list",
        responses=shapes.NoticeSerializer(many=True),
    )
    @extend_schema(
        methods=["POST"],
        operation_id="status_pages_notices_create",
        request=inputs.NoticeInput,
        responses={201: shapes.NoticeSerializer},
    )
    @action(detail=True, methods=["get", "post"])
    def notices(self, request: Request, slug: str) -> Response:
        """Notices newest first (the last 100); POST publishes one, or proposes it where somebody has to approve."""
        page = self.get_object()
        if request.method != "POST":
            rows = page.notices.prefetch_related("updates", "components")[:100]
            return Response({"results": shapes.NoticeSerializer(rows, many=True).data})
        data = valid(inputs.NoticeInput, request)
        named = data.pop("components", [])
        ids = ids_of(page.components, named, "components")
        window = _window(data)
        words = _words(page, data, list(ids.values()))
        data.pop("component_status", None)
        data["incident_number"] = data.pop("incident", None)
        row = actions.create_notice(
            actor=self.actor,
            page_id=page.pk,
            component_ids=list(ids.values()),
            words=words,
            window=window,
            **data,
        )
        return Response(shapes.NoticeSerializer(row).data, status=201)

    @extend_schema(request=inputs.FromIncidentInput, responses={201: shapes.NoticeSerializer})
    @action(detail=True, methods=["post"], url_path="notices/from-incident")
    def notice_from_incident(self, request: Request, slug: str) -> Response:
        """Open a notice from an incident; its words are the incident's public update."""
        page = self.get_object()
        data = valid(inputs.FromIncidentInput, request)
        ids = ids_of(page.components, data.pop("components", []), "components")
        row = tell_public(
            actor=self.actor,
            number=data.pop("incident"),
            page_id=page.pk,
            component_ids=list(ids.values()),
            statuses=_statuses(page, data),
            **data,
        )
        return Response(shapes.NoticeSerializer(row).data, status=201)

    @extend_schema(request=inputs.BackfillInput, responses={201: shapes.NoticeSerializer})
    @action(detail=True, methods=["post"], url_path="notices/backfill")
    def backfill(self, request: Request, slug: str) -> Response:
        """Write down afterwards what happened; nobody is told."""
        page = self.get_object()
        data = valid(inputs.BackfillInput, request)
        updates = [(row["at"], row["status"], row["body"]) for row in data.pop("updates")]
        row = actions.backfill(
            actor=self.actor, page_id=page.pk, updates=updates, statuses=_statuses(page, data), **data
        )
        return Response(shapes.NoticeSerializer(row).data, status=201)

    @extend_schema(
        methods=["GET"], operation_id="status_pages_notices_retrieve", responses=shapes.NoticeSerializer
    )
    @extend_schema(methods=["PATCH"], request=inputs.NoticePatch, responses=shapes.NoticeSerializer)
    @extend_schema(methods=["DELETE"], responses={204: None})
    @action(detail=True, methods=["get", "patch", "delete"], url_path=_NOTICE)
    def notice(self, request: Request, slug: str, notice: str) -> Response:
        """One notice; PATCH corrects it, DELETE takes it away as if it had never been."""
        page = self.get_object()
        row: Notice = below(page.notices, notice)
        if request.method == "DELETE":
            actions.remove_notice(actor=self.actor, notice_id=row.pk)
            return Response(status=204)
        if request.method == "PATCH":
            data = valid(inputs.NoticePatch, request)
            if "components" in data:
                data["component_ids"] = list(
                    ids_of(page.components, data.pop("components"), "components").values()
                )
            row = actions.edit_notice(actor=self.actor, notice_id=row.pk, **data)
        return Response(shapes.NoticeSerializer(row).data)

    @extend_schema(request=inputs.NoticeUpdateInput, responses={201: shapes.NoticeSerializer})
    @action(detail=True, methods=["post"], url_path=f"{_NOTICE}/updates")
    def notice_updates(self, request: Request, slug: str, notice: str) -> Response:
        """Say more about a notice, or end it."""
        page = self.get_object()
        data = valid(inputs.NoticeUpdateInput, request)
        row = below(page.notices, notice)
        words = _words(page, data, list(row.components.values_list("pk", flat=True)))
        row = actions.update_notice(actor=self.actor, notice_id=row.pk, words=words)
        return Response(shapes.NoticeSerializer(row).data, status=201)

    @extend_schema(request=inputs.MoveInput, responses=shapes.NoticeSerializer)
    @action(detail=True, methods=["post"], url_path=f"{_NOTICE}/move")
    def move_notice(self, request: Request, slug: str, notice: str) -> Response:
        """Move planned work, or extend what is under way."""
        data = valid(inputs.MoveInput, request)
        row = actions.move_work(
            actor=self.actor,
            notice_id=below(self.get_object().notices, notice).pk,
            starts_at=data.get("scheduled_for"),
            ends_at=data.get("scheduled_until"),
            body=data.get("body", ""),
        )
        return Response(shapes.NoticeSerializer(row).data)

    @extend_schema(request=inputs.CancelInput, responses=shapes.NoticeSerializer)
    @action(detail=True, methods=["post"], url_path=f"{_NOTICE}/cancel")
    def cancel_notice(self, request: Request, slug: str, notice: str) -> Response:
        """Call planned work off; subscribers are told."""
        data = valid(inputs.CancelInput, request)
        pk = below(self.get_object().notices, notice).pk
        row = actions.cancel_work(actor=self.actor, notice_id=pk, body=data.get("body", ""))
        return Response(shapes.NoticeSerializer(row).data)

    @extend_schema(request=inputs.CorrectWordsInput, responses=shapes.NoticeUpdateSerializer)
    @action(detail=True, methods=["patch"], url_path=_UPDATE)
    def notice_words(self, request: Request, slug: str, update: str) -> Response:
        """Correct what was said; subscribers are not told again."""
        data = valid(inputs.CorrectWordsInput, request)
        row = actions.edit_update(actor=self.actor, update_id=self._update(update).pk, **data)
        return Response(shapes.NoticeUpdateSerializer(row).data)

    @extend_schema(request=None, responses=shapes.NoticeUpdateSerializer)
    @action(detail=True, methods=["post"], url_path=f"{_UPDATE}/approve")
    def approve_words(self, request: Request, slug: str, update: str) -> Response:
        """Let words that wait go out."""
        row = actions.approve_words(actor=self.actor, update_id=self._update(update).pk)
        return Response(shapes.NoticeUpdateSerializer(row).data)

    @extend_schema(request=inputs.RefuseInput, responses=shapes.NoticeUpdateSerializer)
    @action(detail=True, methods=["post"], url_path=f"{_UPDATE}/refuse")
    def refuse_words(self, request: Request, slug: str, update: str) -> Response:
        """Send words that wait back to their author."""
        data = valid(inputs.RefuseInput, request)
        row = actions.refuse_words(actor=self.actor, update_id=self._update(update).pk, reason=data["reason"])
        return Response(shapes.NoticeUpdateSerializer(row).data)

    def _update(self, public_id: str) -> NoticeUpdate:
        rows = NoticeUpdate.objects.filter(notice__page=self.get_object(), public_id=public_id)
        row: NoticeUpdate | None = rows.first()
        if row is None:
            raise NotVisible
        return row


def _words(page: StatusPage, data: dict[str, Any], component_ids: list[int]) -> actions.Words:
    """Takes what an update says out of `data`."""
    statuses = dict.fromkeys(component_ids, data["component_status"]) if data.get("component_status") else {}
    data.pop("component_status", None)
    statuses |= _statuses(page, data)
    return actions.Words(statuses=statuses, **{name: data.pop(name) for name in _WORDS if name in data})


def _statuses(page: StatusPage, data: dict[str, Any]) -> dict[int, str]:
    given: dict[str, str] = data.pop("component_statuses", {})
    ids = ids_of(page.components, list(given), "component_statuses")
    return {ids[public_id]: status for public_id, status in given.items()}


def _window(data: dict[str, Any]) -> actions.Window | None:
    """Takes the window of planned work out of `data`; None when none is given."""
    given = {name: data.pop(name) for name in _WINDOW if name in data}
    starts, ends = given.pop("scheduled_for", None), given.pop("scheduled_until", None)
    if starts is None or ends is None:
        return None
    return actions.Window(starts_at=starts, ends_at=ends, **given)
