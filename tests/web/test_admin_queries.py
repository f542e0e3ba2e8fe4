"""Django admin: every list costs the same with one row as with three and can be searched, and every
change page leads to the page of the product."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock
from tests.factories import make_user, signed_in

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
# Tables that hold one row, one for each provider, or those that migrations write.
FIXED = {
    "incidents.IncidentCounter",
    "incidents.PriorityRule",
    "incidents.SeverityLevel",
    "notifications.DeliveryLimits",
    "notifications.ProviderAccount",
    "oncall.EngineHeartbeat",
}
# Rows of the machinery, without a page of their own in the product.
PAGELESS = {
    "core.EventReceipt",
    "django_celery_beat.PeriodicTask",
    "core.IdempotentRequest",
    "core.LiveEntry",
    "core.LiveTopic",
    "core.OutboxEvent",
    "incidents.IncidentCounter",
    "incidents.SeverityLevel",
    "notifications.ContactMethod",
    "notifications.NotificationRule",
    "notifications.ProviderEvent",
    "notifications.QuietHours",
    "oncall.CalendarToken",
    "teams.SavedView",
    "oncall.EngineHeartbeat",
    "oncall.EscalationRun",
    "oncall.ImportedShift",
    "oncall.Leave",
    "oncall.RunPage",
    "oncall.ShiftNotice",
    "oncall.ShiftPreference",
    "teams.APIToken",
    "teams.AuditEntry",
    "teams.Invitation",
    "teams.Membership",
    "web.EmptyStart",
}
_numbers = itertools.count(1)


def row(model: type[models.Model], **given: Any) -> models.Model:
    """A row with a row of its own behind every foreign key, so that a list that follows them shows."""
    given = {**SPECIAL.get(model._meta.label, dict)(), **given}
    for field in model._meta.concrete_fields:
        if field.name in given or (field.primary_key and isinstance(field, models.AutoField)):
            continue
        value = _value(field)
        if value is not None:
            given[field.name] = value
    return model._base_manager.create(**given)


def _value(field: Any) -> Any:
    number = next(_numbers)
    if isinstance(field, models.ForeignKey):
        fixed = field.related_model._meta.label in FIXED
        if field.related_model is field.model or (fixed and field.null):
            return None
        return field.related_model._base_manager.first() if fixed else row(field.related_model)
    if field.has_default() and not field.unique:
        return None
    if field.choices:
        return field.choices[0][0]
    if field.null and not field.unique:
        return None
    makers: tuple[tuple[Any, Callable[[], Any]], ...] = (
        (models.EmailField, lambda: f"p{number}@example.com"),
        (models.URLField, lambda: f"https://example.com/{number}"),
        (models.UUIDField, uuid.uuid4),
        (models.CharField, lambda: f"x{number}"[: field.max_length]),
        (models.TextField, lambda: f"text {number}"),
        (models.DateTimeField, clock.now),
        (models.DateField, lambda: clock.now().date()),
        (models.TimeField, lambda: dt.time(22)),
        (models.BooleanField, lambda: False),
        (models.JSONField, dict),
        (models.BinaryField, lambda: number.to_bytes(32, "big")),
        (models.DecimalField, lambda: Decimal("99.5")),
        (models.GenericIPAddressField, lambda: "192.0.2.1"),
        (models.IntegerField, lambda: number % 30_000),
    )
    return next(make() for kind, make in makers if isinstance(field, kind))


def _target() -> dict[str, Any]:
    kinds = ("user", "schedule", "team", "webhook")
    kind = kinds[next(_numbers) % 4]
    return {"type": kind} | {name: None for name in kinds if name != kind}


def _stretch() -> dict[str, Any]:
    now = clock.now()
    return {"starts_at": now, "ends_at": now + dt.timedelta(hours=1)}


def _permission() -> dict[str, Any]:
    return {"permission": Permission.objects.filter(content_type__model="incident").first()}


SPECIAL: dict[str, Callable[[], dict[str, Any]]] = {
    "django_celery_beat.PeriodicTask": lambda: dict.fromkeys(("crontab", "solar", "clocked")),
    "incidents.IncidentGroupPermission": _permission,
    "incidents.IncidentUserPermission": _permission,
    "incidents.ExitCriterion": lambda: {"text": f"criterion {next(_numbers)}"},
    "incidents.Follow": lambda: {"incident": None, "service": None},
    "incidents.Stakeholder": lambda: {"user": None, "address": f"s{next(_numbers)}@example.com"},
    "oncall.EscalationRun": lambda: {"next_at": clock.now()},
    "oncall.ExternalCalendar": lambda: {"purpose": "shifts", "user": None},
    "oncall.ImportedShift": _stretch,
    "oncall.Leave": _stretch,
    "oncall.Override": _stretch,
    "oncall.PolicyTarget": _target,
    "oncall.Shadow": _stretch,
    "oncall.ShiftRequest": lambda: {**_stretch(), "answered_by": None},
    "oncall.Rotation": lambda: {
        "starts_at": "2026-11-02T09:00",
        "members": [[make_user().pk]],
    },
}


@pytest.fixture
def root() -> Client:
    return signed_in(make_user("Root", admin=True))


def cost(root: Client, address: str) -> int:
    root.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert root.get(address).status_code == 200, address
    return len(queries)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_list_costs_the_same_however_long_it_is(root: Client, model: type[models.Model]) -> None:
    options = model._meta
    if options.label in FIXED:
        pytest.skip("its number of rows is fixed")
    address = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    row(model)
    before = cost(root, address)
    row(model)
    row(model)
    assert cost(root, address) == before


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_list_can_be_searched(root: Client, model: type[models.Model]) -> None:
    options = model._meta
    assert admin.site._registry[model].search_fields
    address = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    for words in ("x1", "7", "%00'"):
        assert root.get(address, {"q": words}).status_code == 200, words


@pytest.mark.parametrize(
    "model", [m for m in MODELS if m._meta.label not in FIXED], ids=lambda model: model._meta.label
)
def test_a_change_page_opens_and_leads_to_the_product(root: Client, model: type[models.Model]) -> None:
    options, made = model._meta, row(model)
    page = root.get(reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[made.pk]))
    assert page.status_code == 200
    leads = page.context["has_absolute_url"]
    assert leads is (options.label not in PAGELESS)
    if leads:
        address = page.context["absolute_url"]
        assert address in page.content.decode()
        answer = root.get(address, follow=True)
        assert answer.status_code == 200
        assert not answer.redirect_chain or len(answer.redirect_chain) == 1
