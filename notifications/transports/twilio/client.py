"""Calls of Twilio's REST API: one account, form posts, basic authentication."""

from __future__ import annotations

from typing import Any

from notifications import links
from notifications.choices import Provider
from notifications.transports.base import Outgoing, Receipt, TransportError
from notifications.transports.http import Answer, call, host_of

API_BASE = "https://api.twilio.com"
NOT_SET_UP = "Twilio is not set up."

# https://www.twilio.com/docs/api/errors
_ACCOUNT = {20003, 20005, 20404, 21606, 21212, 21603, 21659, 21660, 21703, 30002}
_NO_SUCH_NUMBER = {21211, 21217, 21265, 21401, 21407, 21421, 21614, 13224}
_NOT_THERE = {21408, 21612, 21215, 13227}
_OPTED_OUT = 21610
OPTED_OUT = "This number has opted out of our messages; it must text START first."
_TOO_FAST = {20429, 14107, 21611, 30001}


def provider(outgoing: Outgoing) -> str:
    """The host that a failure says something about."""
    return host_of(base_of(outgoing.settings)) if outgoing.settings else "Twilio, which is not set up"


def base_of(settings: dict[str, Any]) -> str:
    """Where the API is; an address of one's own lets a gateway stand between."""
    return str(settings.get("api_base") or API_BASE).rstrip("/")


def create(outgoing: Outgoing, resource: str, form: dict[str, str | list[str]], limit: float) -> Receipt:
    """POST to `Messages` or `Calls`; raises `TransportError`.

    Twilio knows no idempotency key for these: an attempt without answer may have gone out, and the next one
    is a second message. The key travels in the address of the callbacks, so that such a message is recognised
    by what Twilio reports of it and the next attempt is spared when the report comes first.
    """
    settings = outgoing.settings
    if not settings:
        raise TransportError(NOT_SET_UP, unavailable=True)
    form = {**form, "StatusCallback": links.absolute(links.twilio_status_path(outgoing.delivery_id))}
    answer = call(
        "POST",
        f"{base_of(settings)}/2010-04-01/Accounts/{settings['account_sid']}/{resource}.json",
        limit=limit,
        auth=(settings["account_sid"], settings["auth_token"]),
        form=form,
    )
    if 200 <= answer.status < 300:
        told = answer.json()
        return Receipt(provider_id=str(told.get("sid", ""))[:200], detail=str(told.get("status", ""))[:40])
    raise judged(answer)


def check(settings: dict[str, Any], limit: float) -> None:
    """Read the account; raises `TransportError` with what is wrong. Sends nothing to anybody."""
    answer = call(
        "GET",
        f"{base_of(settings)}/2010-04-01/Accounts/{settings['account_sid']}.json",
        limit=limit,
        auth=(settings["account_sid"], settings["auth_token"]),
    )
    if answer.status != 200:
        raise judged(answer)


def judged(answer: Answer) -> TransportError:
    """The refusal by Twilio's error code: the person's number, our account, or the moment is to blame."""
    told = answer.json()
    code = told.get("code") if isinstance(told.get("code"), int) else 0
    said = " ".join(str(told.get("message", "")).split())[:200]
    words = f"Twilio answered HTTP {answer.status}" + (f", error {code}" if code else "")
    words += f": {said}" if said else "."
    if code == _OPTED_OUT:
        return TransportError(OPTED_OUT, permanent=True, retire=True)
    if code in _NO_SUCH_NUMBER or code in _NOT_THERE:
        return TransportError(words, permanent=True)
    if answer.status in (401, 403) or code in _ACCOUNT:
        return TransportError(words, unavailable=True, account=Provider.TWILIO)
    if answer.status == 429 or answer.status >= 500 or code in _TOO_FAST:
        return TransportError(words, retry_after=answer.retry_after)
    if 300 <= answer.status < 400 or answer.status == 404:
        return TransportError(words, unavailable=True, account=Provider.TWILIO)
    return TransportError(words, permanent=True)
