"""Teams, people, memberships and tokens in the API; changes go through the same actions as the pages."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import ActorViewSet
from core.errors import NotVisible
from teams.actions.deactivation import deactivate_user, reactivate_user
from teams.actions.memberships import create_team, remove_member, set_member, update_team
from teams.actions.people import create_user, set_instance_role, update_profile
from teams.actions.tokens import create_token, revoke_token
from teams.api import serializers as shapes
from teams.models import APIToken, Membership, Team, User

ID = OpenApiParameter("id", OpenApiTypes.INT, OpenApiParameter.PATH)
SLUG = OpenApiParameter(
    "slug", OpenApiTypes.STR, OpenApiParameter.PATH, description="Slug of the team; its id is accepted too."
)


def number(text: str) -> int:
    """An id from an address; 404 for what cannot be one."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    return int(text)


class TeamViewSet(ListModelMixin, RetrieveModelMixin, ActorViewSet):
    """Teams the caller may see."""

    model = Team
    queryset = Team.objects.none()
    serializer_class = shapes.TeamSerializer
    lookup_field = "slug"
    lookup_value_regex = "[^/]+"

    def get_object(self) -> Team:
        word = self.kwargs["slug"]
        if not word.isprintable():
            raise NotVisible
        rows = self.get_queryset()
        found: Team | None = rows.filter(slug=word[:60]).first()
        if found is None:
            found = rows.filter(pk=number(word)).first()
        if found is None:
            raise NotVisible
        return found

    @extend_schema(parameters=[SLUG])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    def create(self, request: Request) -> Response:
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        team = create_team(actor=self.actor, **given.validated_data)
        return Response(self.get_serializer(team).data, status=201)

    @extend_schema(parameters=[SLUG], request=shapes.TeamChangeSerializer, responses=shapes.TeamSerializer)
    def partial_update(self, request: Request, slug: str) -> Response:
        team = self.get_object()
        given = shapes.TeamChangeSerializer(
            team, data=request.data, partial=True, context=self.get_serializer_context()
        )
        given.is_valid(raise_exception=True)
        names = ("name", "description", "visibility")
        values = {name: given.validated_data.get(name, getattr(team, name)) for name in names}
        return Response(self.get_serializer(update_team(actor=self.actor, team_id=team.pk, **values)).data)


class UserFilter(filters.FilterSet):
    is_active = filters.BooleanFilter()
    name = filters.CharFilter(lookup_expr="icontains")
    team = filters.CharFilter(field_name="memberships__team__slug", label="team")

    class Meta:
        model = User
        fields = ["is_active", "name", "team"]

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Members of a team only where the team itself is visible."""
        slug = self.form.cleaned_data.get("team")
        if not slug:
            return super().filter_queryset(queryset)
        seen = Team.objects.visible_to(self.request.actor).filter(slug=slug)
        kept = super().filter_queryset(queryset)
        return kept if seen.exists() else kept.none()


class UserViewSet(ListModelMixin, RetrieveModelMixin, ActorViewSet):
    """People. E-mail addresses are shown to admins, managers and the person."""

    model = User
    queryset = User.objects.none()
    serializer_class = shapes.UserSerializer
    filterset_class = UserFilter
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(parameters=[ID])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(request=shapes.NewUserSerializer, responses={201: shapes.UserSerializer})
    def create(self, request: Request) -> Response:
        given = shapes.NewUserSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        user = create_user(
            actor=self.actor,
            email=data["email"],
            name=data["name"],
            time_zone=data["time_zone"],
            admin=data["is_admin"],
            support=data["is_support"],
        )
        return Response(self.get_serializer(user).data, status=201)

    @extend_schema(parameters=[ID], request=shapes.InstanceRoleSerializer, responses=shapes.UserSerializer)
    def partial_update(self, request: Request, id: str) -> Response:
        user = self.get_object()
        given = shapes.InstanceRoleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        changed = set_instance_role(
            actor=self.actor, user_id=user.pk, admin=data.get("is_admin"), support=data.get("is_support")
        )
        return Response(self.get_serializer(changed).data)

    @extend_schema(parameters=[ID], request=shapes.DeactivateSerializer, responses=shapes.UserSerializer)
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, id: str) -> Response:
        """Shut the account; 400 `handover_needed` names what still needs a successor."""
        user = self.get_object()
        given = shapes.DeactivateSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        gone = deactivate_user(
            actor=self.actor, user_id=user.pk, successors=given.validated_data["successors"]
        )
        return Response(self.get_serializer(gone).data)

    @extend_schema(parameters=[ID], request=None, responses=shapes.UserSerializer)
    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, id: str) -> Response:
        """Open the account again."""
        user = self.get_object()
        return Response(self.get_serializer(reactivate_user(actor=self.actor, user_id=user.pk)).data)


class MeView(ActorViewSet):
    """The caller."""

    model = User
    queryset = User.objects.none()
    serializer_class = shapes.MeSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(operation_id="users_me_retrieve")
    def retrieve(self, request: Request) -> Response:
        return Response(self.get_serializer(request.user).data)

    @extend_schema(operation_id="users_me_partial_update")
    def partial_update(self, request: Request) -> Response:
        given = self.get_serializer(request.user, data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        user = update_profile(actor=self.actor, user_id=int(request.user.pk or 0), **given.validated_data)
        return Response(self.get_serializer(user).data)


class MembershipFilter(filters.FilterSet):
    team = filters.CharFilter(field_name="team__slug")
    user = filters.NumberFilter(field_name="user_id", min_value=1, max_value=2**63 - 1)

    class Meta:
        model = Membership
        fields = ["team", "user", "role"]


class MembershipViewSet(ListModelMixin, RetrieveModelMixin, ActorViewSet):
    """Who belongs to which team, in which role."""

    model = Membership
    queryset = Membership.objects.none()
    serializer_class = shapes.MembershipSerializer
    filterset_class = MembershipFilter
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[Any]:
        return super().visible().select_related("team", "user")

    @extend_schema(parameters=[ID])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    def create(self, request: Request) -> Response:
        """Add a person to a team; somebody who is there gets the role."""
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        row = set_member(
            actor=self.actor, team_id=data["team"].pk, user_id=data["user"].pk, role=data["role"]
        )
        return Response(self.get_serializer(row).data, status=201)

    @extend_schema(parameters=[ID], request=shapes.RoleSerializer, responses=shapes.MembershipSerializer)
    def partial_update(self, request: Request, id: str) -> Response:
        row = self.get_object()
        given = shapes.RoleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        role = given.validated_data["role"]
        changed = set_member(actor=self.actor, team_id=row.team_id, user_id=row.user_id, role=role)
        return Response(self.get_serializer(changed).data)

    @extend_schema(parameters=[ID])
    def destroy(self, request: Request, id: str) -> Response:
        row = self.get_object()
        remove_member(actor=self.actor, team_id=row.team_id, user_id=row.user_id)
        return Response(status=204)


class TokenViewSet(ListModelMixin, RetrieveModelMixin, ActorViewSet):
    """The caller's own tokens."""

    model = APIToken
    queryset = APIToken.objects.none()
    serializer_class = shapes.TokenSerializer
    filterset_fields = ()
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[Any]:
        return super().visible().select_related("team")

    @extend_schema(parameters=[ID])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(responses={201: shapes.NewTokenSerializer})
    def create(self, request: Request) -> Response:
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        team = data.get("team")
        with transaction.atomic():
            token, secret = create_token(
                actor=self.actor,
                name=data["name"],
                scopes=data["scopes"],
                team_id=team.pk if team else None,
                expires_at=data.get("expires_at"),
            )
        return Response({**self.get_serializer(token).data, "token": secret}, status=201)

    @extend_schema(parameters=[ID])
    def destroy(self, request: Request, id: str) -> Response:
        revoke_token(actor=self.actor, token_id=self.get_object().pk)
        return Response(status=204)
