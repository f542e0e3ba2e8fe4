"""The accounts at providers: set up, tried, switched off. For admins."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Conflict, InvalidInput, NotVisible
from core.wakeup import wake
from notifications.choices import Provider
from notifications.models import ProviderAccount
from notifications.permissions import may_set_up_providers
from notifications.providers import opened, sealed
from notifications.transports import slack
from notifications.transports.base import TransportError
from notifications.transports.calling import call_limit, within
from notifications.transports.twilio import client as twilio
from notifications.transports.webhook.address import check_url
from teams.actions.audit import record
from teams.actor import Actor

FIELDS: dict[str, tuple[str, ...]] = {
    Provider.TWILIO: ("account_sid", "auth_token", "from_number", "messaging_service_sid", "api_base"),
    Provider.SLACK: ("bot_token", "signing_secret", "api_base"),
}
# Never shown again; left empty they stay as they are.
SECRETS = frozenset({"auth_token", "bot_token", "signing_secret"})
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_CHECKS = {Provider.TWILIO: twilio.check, Provider.SLACK: slack.check}


def save_provider(
    *, actor: Actor, provider: str, values: Mapping[str, str], now: dt.datetime
) -> ProviderAccount:
    """Store the settings, sealed; a secret left empty keeps its present value. Audited without values.

    Raises `InvalidInput` naming every field that is wrong.
    """
    _may(actor, provider)
    with transaction.atomic():
        row, _created = ProviderAccount.objects.select_for_update().get_or_create(
            provider=provider, defaults={"updated_at": now}
        )
        before = opened(row)
        merged = {name: str(values.get(name, "")).strip() for name in FIELDS[provider]}
        for name in SECRETS & merged.keys():
            merged[name] = merged[name] or before.get(name, "")
        _check(provider, merged)
        row.sealed = sealed({name: value for name, value in merged.items() if value})
        row.enabled, row.failure, row.checked_at = True, "", None
        row.updated_by_id, row.updated_at = actor.user_id, now
        row.save()
        changed = sorted(name for name, value in merged.items() if value != before.get(name, ""))
        _audit(actor, "set up", row, {"changed": changed})
        wake("notifications.send_due")
    return row


def set_provider_enabled(*, actor: Actor, provider: str, enabled: bool, now: dt.datetime) -> ProviderAccount:
    """Switch the provider off or on again; its settings stay."""
    _may(actor, provider)
    with transaction.atomic():
        row = _row(provider)
        if row.enabled != enabled:
            row.enabled, row.updated_by_id, row.updated_at = enabled, actor.user_id, now
            row.save(update_fields=["enabled", "updated_by", "updated_at"])
            _audit(actor, "enabled" if enabled else "disabled", row, {})
            wake("notifications.send_due")
    return row


def remove_provider(*, actor: Actor, provider: str) -> None:
    """Forget the settings with their secrets."""
    _may(actor, provider)
    with transaction.atomic():
        row = _row(provider)
        _audit(actor, "removed", row, {})
        row.delete()


def test_provider(*, actor: Actor, provider: str, now: dt.datetime) -> ProviderAccount:
    """Ask the provider whether it takes us; sends nothing to anybody. The result is kept in the row.

    Makes a call of at most the usual limit, outside any transaction of its own.
    """
    _may(actor, provider)
    values = opened(_row(provider))
    if not values:
        raise Conflict(_("The settings cannot be read. Enter them again."), code="unreadable")
    failure, limit = "", call_limit()
    try:
        within(limit, lambda: _CHECKS[Provider(provider)](values, limit))
    except TransportError as error:
        failure = error.message[:300]
    ProviderAccount.objects.filter(provider=provider).update(failure=failure, checked_at=now)
    return _row(provider)


def masked(row: ProviderAccount | None) -> dict[str, str]:
    """The settings as they may be shown: secrets by their last characters alone, and only when long."""
    values: dict[str, Any] = opened(row) if row is not None else {}
    return {name: _mask(str(value)) if name in SECRETS else str(value) for name, value in values.items()}


def checked_number(text: str) -> str:
    """The number in E.164 form; `ValueError` with the reason in words."""
    compact = re.sub(r"[\s().\-/\u00a0]", "", text)
    if compact.startswith("00"):
        compact = f"+{compact[2:]}"
    if not compact.startswith("+"):
        raise ValueError(_("Begin with + and the country code, such as +49 151 23456789."))
    if not compact.isascii() or not compact[1:].isdigit():
        raise ValueError(_("A telephone number has digits alone after the +."))
    if compact[1:2] == "0":
        raise ValueError(_("No country code begins with 0; leave the 0 out."))
    if not _E164.fullmatch(compact):
        raise ValueError(_("A telephone number has 7 to 15 digits with its country code."))
    return compact


def _check(provider: str, values: dict[str, str]) -> None:
    problems = _twilio_problems(values) if provider == Provider.TWILIO else _slack_problems(values)
    if values["api_base"] and (reason := check_url(values["api_base"])):
        problems["api_base"] = [reason]
    if problems:
        raise InvalidInput(fields=problems)


def _twilio_problems(values: dict[str, str]) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    if not re.fullmatch(r"AC[0-9a-f]{32}", values["account_sid"]):
        problems["account_sid"] = [_("AC and 32 digits from 0 to 9 and a to f, from Twilio's console.")]
    if not re.fullmatch(r"[0-9A-Za-z]{32,64}", values["auth_token"]):
        problems["auth_token"] = [_("32 letters and digits, from Twilio's console.")]
    service = values["messaging_service_sid"]
    if service and not re.fullmatch(r"MG[0-9a-f]{32}", service):
        problems["messaging_service_sid"] = [_("MG and 32 digits from 0 to 9 and a to f.")]
    if values["from_number"]:
        try:
            values["from_number"] = checked_number(values["from_number"])
        except ValueError as error:
            problems["from_number"] = [str(error)]
    elif not service:
        problems["from_number"] = [_("A number to send from, or a messaging service, is needed.")]
    return problems


def _slack_problems(values: dict[str, str]) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    if not re.fullmatch(r"xox[bp]-[0-9A-Za-z-]{10,250}", values["bot_token"]):
        problems["bot_token"] = [_("The bot token begins with xoxb-.")]
    if not re.fullmatch(r"[0-9a-f]{32,64}", values["signing_secret"]):
        problems["signing_secret"] = [_("32 digits from 0 to 9 and a to f, under Basic information.")]
    return problems


def _mask(value: str) -> str:
    return f"••••{value[-4:]}" if len(value) >= 24 else "••••"


def _may(actor: Actor, provider: str) -> None:
    if not may_set_up_providers(actor) or provider not in FIELDS:
        raise NotVisible


def _row(provider: str) -> ProviderAccount:
    row = ProviderAccount.objects.filter(provider=provider).first()
    if row is None:
        raise NotVisible
    return row


def _audit(actor: Actor, verb: str, row: ProviderAccount, data: dict[str, Any]) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="provider_account",
        obj_id=row.pk,
        label=str(row),
        data={"provider": row.provider, **data},
    )
