"""Shapes of teams, people, memberships and tokens in the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from teams.actor import Actor
from teams.choices import Scope, TeamRole, TeamVisibility, Theme
from teams.models import APIToken, Membership, Team, User
from teams.permissions import sees_emails


def actor_in(context: Mapping[str, Any]) -> Actor:
    actor: Actor = context["request"].actor
    return actor


class TeamRefField(serializers.SlugRelatedField):
    """A team by slug; ids are accepted too. Only visible teams exist."""

    def __init__(self, **kwargs: Any) -> None:
        if not kwargs.get("read_only"):
            kwargs.setdefault("queryset", Team.objects.all())
        super().__init__(slug_field="slug", **kwargs)

    def get_queryset(self) -> Any:
        return (
            Team.objects.visible_to(actor_in(self.context))
            if "request" in self.context
            else Team.objects.all()
        )

    def to_internal_value(self, data: Any) -> Any:
        digits = isinstance(data, int) and not isinstance(data, bool)
        if digits or (isinstance(data, str) and data.isascii() and data.isdigit() and len(data) < 19):
            found = self.get_queryset().filter(pk=int(data)).first() if 0 < int(data) < 2**63 else None
            if found is not None:
                return found
        if not isinstance(data, str | int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(str(data))


class TeamSerializer(serializers.ModelSerializer[Team]):
    slug = serializers.SlugField(max_length=60, required=False)
    visibility = serializers.ChoiceField(choices=TeamVisibility.choices, required=False)

    class Meta:
        model = Team
        fields = ["id", "slug", "name", "description", "visibility", "created_at"]
        read_only_fields = ["id", "created_at"]
        extra_kwargs = {"description": {"max_length": 2000}}


class TeamChangeSerializer(TeamSerializer):
    class Meta(TeamSerializer.Meta):
        read_only_fields = ["id", "slug", "created_at"]


class UserSerializer(serializers.ModelSerializer[User]):
    """Everybody sees names; `email` is left out unless the caller is admin, manager or the person."""

    class Meta:
        model = User
        fields = ["id", "name", "email", "time_zone", "is_active", "is_admin", "is_support"]

    is_admin = serializers.BooleanField(source="is_superuser", read_only=True)
    email = serializers.EmailField(required=False, read_only=True)

    def to_representation(self, instance: User) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        actor = actor_in(self.context)
        if not sees_emails(actor) and instance.pk != actor.user_id:
            del shown["email"]
        return shown


class NewUserSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=120)
    time_zone = serializers.CharField(max_length=64, default="UTC")
    is_admin = serializers.BooleanField(default=False)
    is_support = serializers.BooleanField(default=False)


class InstanceRoleSerializer(serializers.Serializer[Any]):
    is_admin = serializers.BooleanField(required=False)
    is_support = serializers.BooleanField(required=False)


class DeactivateSerializer(serializers.Serializer[Any]):
    """`successors`: kind of thing held → id of the person who takes it."""

    successors = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), default=dict
    )


class OwnMembershipSerializer(serializers.ModelSerializer[Membership]):
    team = serializers.SlugRelatedField(slug_field="slug", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Membership
        fields = ["team", "role"]


class MeSerializer(serializers.ModelSerializer[User]):
    """The caller: profile, roles, and what the token in use allows."""

    is_admin = serializers.BooleanField(source="is_superuser", read_only=True)
    theme = serializers.ChoiceField(choices=Theme.choices)
    teams = serializers.SerializerMethodField()
    scopes = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = [
            *("id", "name", "email", "time_zone", "language", "theme", "clock_24h", "week_starts_monday"),
            *("single_keys", "is_admin", "is_support", "teams", "scopes"),
        ]
        read_only_fields = ["id", "email", "is_admin", "is_support"]

    def get_teams(self, user: User) -> list[dict[str, str]]:
        roles = actor_in(self.context).roles
        slugs = Team.objects.filter(pk__in=roles).values_list("slug", "pk").order_by("slug")
        return [{"team": slug, "role": roles[pk]} for slug, pk in slugs]

    def get_scopes(self, user: User) -> list[str]:
        return sorted(actor_in(self.context).scopes)


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    team = TeamRefField()
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True))
    name = serializers.CharField(source="user.name", read_only=True)
    role = serializers.ChoiceField(choices=TeamRole.choices)

    class Meta:
        model = Membership
        fields = ["id", "team", "user", "name", "role", "created_at"]
        read_only_fields = ["id", "created_at"]
        # Adding somebody who is there sets the role.
        validators: list[Any] = []


class RoleSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=TeamRole.choices)


class TokenSerializer(serializers.ModelSerializer[APIToken]):
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), allow_empty=False, max_length=3
    )
    team = TeamRefField(required=False, allow_null=True)

    class Meta:
        model = APIToken
        fields = [
            *(
                "id",
                "name",
                "prefix",
                "scopes",
                "team",
                "expires_at",
                "last_used_at",
                "revoked_at",
                "created_at",
            ),
        ]
        read_only_fields = ["id", "prefix", "last_used_at", "revoked_at", "created_at"]


class NewTokenSerializer(TokenSerializer):
    """The answer to creation: `token` is the secret, never shown again."""

    token = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]
