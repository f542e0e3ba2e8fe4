"""Direct messages in Slack with buttons, by a bot of one workspace."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from notifications.choices import Provider
from notifications.transports.base import Outgoing, Receipt, TransportError
from notifications.transports.http import Answer, host_of, post
from notifications.transports.slack import blocks

API_BASE = "https://slack.com/api"
ANSWER_HOST = "hooks.slack.com"

# https://docs.slack.dev/reference/methods/chat.postMessage#errors
_PERSON = {
    "channel_not_found", "user_not_found", "users_not_found", "account_inactive", "user_disabled",
    "cannot_dm_bot", "is_archived", "messages_tab_disabled", "user_not_visible", "not_in_channel",
}  # fmt: skip
_ACCOUNT = {
    "invalid_auth", "token_revoked", "token_expired", "not_authed", "no_permission", "missing_scope",
    "not_allowed_token_type", "org_login_required", "ekm_access_denied", "team_access_not_granted",
    "access_denied",
}  # fmt: skip
_AGAIN = {
    "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
    "team_added_to_org", "accesslimited",
}  # fmt: skip


class SlackTransport:
    """Slack keeps no idempotency key for messages: an attempt without answer may be followed by a second one."""

    def remote(self) -> bool:
        return True

    def provider(self, outgoing: Outgoing) -> str:
        return host_of(base_of(outgoing.settings)) if outgoing.settings else "Slack, which is not set up"

    def send(self, outgoing: Outgoing, *, limit: float) -> Receipt:
        if not outgoing.settings:
            raise TransportError("Slack is not set up.", unavailable=True)
        body = {"channel": outgoing.address, **blocks.message(outgoing)}
        told = method(outgoing.settings, "chat.postMessage", body, limit)
        return Receipt(provider_id=f"{told.get('channel', '')}:{told.get('ts', '')}"[:200])


def base_of(settings: dict[str, Any]) -> str:
    """Where the API is; an address of one's own lets a gateway stand between."""
    return str(settings.get("api_base") or API_BASE).rstrip("/")


def method(settings: dict[str, Any], name: str, body: dict[str, Any], limit: float) -> dict[str, Any]:
    """Call a method of the Web API; raises `TransportError` unless Slack says `ok`."""
    answer = post(
        f"{base_of(settings)}/{name}",
        limit=limit,
        headers={
            "authorization": f"Bearer {settings['bot_token']}",
            "content-type": "application/json; charset=utf-8",
        },
        body=json.dumps(body).encode(),
    )
    told = answer.json()
    if answer.status == 200 and told.get("ok") is True:
        return told
    raise judged(answer, told)


def check(settings: dict[str, Any], limit: float) -> None:
    """Ask who the token belongs to; raises `TransportError` with what is wrong."""
    method(settings, "auth.test", {}, limit)


def update(settings: dict[str, Any], url: str, body: dict[str, Any], limit: float) -> None:
    """Put `body` in place of the message whose button was pressed; only to Slack's own address for that."""
    own = host_of(base_of(settings))
    try:
        host, scheme = host_of(url), urlsplit(url).scheme
    except ValueError:
        host = scheme = ""
    if host != own and (host != ANSWER_HOST or scheme != "https"):
        raise TransportError("That is not an address of Slack.", permanent=True)
    headers = {"content-type": "application/json; charset=utf-8"}
    answer = post(url, limit=limit, headers=headers, body=json.dumps(body).encode())
    if answer.status != 200:
        raise judged(answer, answer.json())


def judged(answer: Answer, told: dict[str, Any]) -> TransportError:
    """The refusal by Slack's word for it: the member, our app, or the moment is to blame."""
    word = str(told.get("error", ""))[:60]
    words = f"Slack answered {word}." if word else f"Slack answered HTTP {answer.status}."
    if answer.status == 429 or answer.status >= 500 or word in _AGAIN:
        return TransportError(words, retry_after=answer.retry_after)
    if word in _PERSON:
        return TransportError(words, permanent=True)
    if word in _ACCOUNT or answer.status != 200 or not word:
        return TransportError(words, unavailable=True, account=Provider.SLACK)
    return TransportError(words, permanent=True)
