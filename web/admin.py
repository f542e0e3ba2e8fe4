"""The admin index: is the product well, and what is missing in its set-up."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django_celery_beat.models import PeriodicTask

from core.admin import ReadOnlyAdmin
from notifications.models import ContactMethod
from notifications.selectors import without_loud_channel
from oncall.models import EscalationPolicy
from services.models import Service
from teams.choices import TeamRole
from teams.models import Team, User
from web import health
from web.models import EmptyStart

# What libraries register themselves is taken back: keys and tokens are nobody's to read, sign-in and the
# schedule are set up in the environment and in code. Some of it is worth looking at.
for _name in ("account", "mfa", "socialaccount", "usersessions"):
    import_module(f"allauth.{_name}.admin")
import_module("django_celery_beat.admin")
for _label in ("account", "mfa", "socialaccount", "usersessions", "django_celery_beat"):
    for _model in apps.get_app_config(_label).get_models():
        if admin.site.is_registered(_model):
            admin.site.unregister(_model)


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    """Addresses that people sign in with; changed on the person."""

    list_display = ("email", "user", "verified", "primary")
    list_filter = ("verified",)
    list_select_related = ("user",)
    search_fields = ("email", "user__name")

    def view_on_site(self, obj: EmailAddress) -> str:
        return str(obj.user.get_absolute_url())


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdmin):
    """Who signs in through the identity provider."""

    list_display = ("user", "provider", "uid", "last_login")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email", "uid")

    def view_on_site(self, obj: SocialAccount) -> str:
        return str(obj.user.get_absolute_url())


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin):
    """Where people are signed in; a session's key would be a way in, so it is not shown."""

    list_display = ("user", "ip", "created_at", "last_seen_at")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email", "ip")
    fields = ("user", "ip", "user_agent", "created_at", "last_seen_at")

    def view_on_site(self, obj: UserSession) -> str:
        return str(obj.user.get_absolute_url())


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(ReadOnlyAdmin):
    """What runs when; the schedule itself is in code."""

    list_display = ("name", "task", "enabled", "last_run_at", "total_run_count")
    list_filter = ("enabled",)
    search_fields = ("name", "task")
    fields = ("name", "task", "enabled", "last_run_at", "total_run_count")


@admin.register(EmptyStart)
class EmptyStartAdmin(ReadOnlyAdmin):
    """There is a row while the demo runs without its company."""

    list_display = ("chosen_at",)
    search_fields = ("chosen_at",)


def _quiet_responders(people: QuerySet[User]) -> list[User]:
    """People who can be paged, without text message or call for urgent pages; empty while neither can be had."""
    responders = people.filter(memberships__role__in=[TeamRole.MANAGER, TeamRole.RESPONDER])
    found = without_loud_channel(responders.distinct().order_by("pk").values_list("pk", flat=True)[:500])
    return list(people.filter(pk__in=found).order_by("name")[:20])


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Context of `admin/index.html` (unfold's DASHBOARD_CALLBACK)."""
    policies = EscalationPolicy.objects.filter(team=OuterRef("pk"), is_default=True)
    methods = ContactMethod.objects.filter(
        user=OuterRef("pk"), verified_at__isnull=False, disabled_at__isnull=True
    )
    people = User.objects.filter(is_active=True)
    context["health_checks"] = health.checks()
    context["backlog"] = health.backlog()
    context["gaps"] = [
        ("Teams without a default policy", list(Team.objects.exclude(Exists(policies))[:20])),
        ("Services without an owning team", list(Service.objects.filter(team__isnull=True)[:20])),
        ("People without a verified contact method", list(people.exclude(Exists(methods))[:20])),
        ("Responders whom nothing loud reaches", _quiet_responders(people)),
    ]
    return context
