"""What Slack calls when somebody presses a button of a message."""

from __future__ import annotations

import json
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from core import clock
from core.text import clean
from notifications import links, replies
from notifications.actions import answers
from notifications.choices import Channel, Provider
from notifications.models import ContactMethod, Delivery
from notifications.providers import settings_of
from notifications.transports import slack
from notifications.transports.base import TransportError
from notifications.transports.calling import within
from notifications.transports.slack import blocks, signature

log = structlog.get_logger("watchbill.slack")

_VERBS = ("acknowledge", "decline")
# Slack waits three seconds for the answer to the press itself.
_UPDATE_LIMIT = 2.0


# Slack cannot send our CSRF token; its own signature is checked instead.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class SlackView(View):
    """Acts as the person the message was sent to, when it is that member who pressed."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        account = settings_of(Provider.SLACK)
        given, stamp = (
            request.headers.get("X-Slack-Signature", ""),
            request.headers.get("X-Slack-Request-Timestamp", ""),
        )
        secret = (account or {}).get("signing_secret", "")
        if account is None or not signature.valid(given, stamp, request.body, secret, clock.now()):
            return HttpResponse("The signature does not fit.", status=403, content_type="text/plain")
        press = _press(request.POST.get("payload", ""))
        if press is None:
            return HttpResponse("This is not a press of a button.", status=400, content_type="text/plain")
        for action in press["actions"]:
            if action["action_id"] in _VERBS:
                _answer(account, press, action)
                break
        return HttpResponse(status=200)


def _press(text: str) -> dict[str, Any] | None:
    """`{user, url, actions: [{action_id, action_ts, value}]}` of texts; None when it is something else."""
    try:
        told = json.loads(text)
        if told["type"] != "block_actions":
            return {"user": "", "url": "", "actions": []}
        return {
            "user": clean(str(told["user"]["id"]), 40),
            "url": str(told.get("response_url", ""))[:500],
            "actions": [
                {name: clean(str(action.get(name, "")), 200) for name in ("action_id", "action_ts", "value")}
                for action in told["actions"][:5]
            ],
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _answer(account: dict[str, Any], press: dict[str, Any], action: dict[str, str]) -> None:
    delivery_id = links.read_callback(action["value"])
    row = answers.page(delivery_id) if delivery_id is not None else None
    if row is None or row.user is None or not _theirs(row, press["user"]):
        return
    sentence = answers.answer_once(
        provider=Provider.SLACK,
        key=f"press:{row.pk}:{action['action_id']}:{action['action_ts']}",
        delivery_id=row.pk,
        verb=action["action_id"],
        via="slack",
        now=clock.now(),
    )
    subject = replies.port().describe(subject_key=row.subject_key, user_id=row.user.pk)
    with translation.override(row.user.language):
        title = subject.title if subject is not None else row.title
        url = links.absolute(subject.url_path) if subject is not None else ""
        body = blocks.answered(title, sentence or _("This page is not there any more."), url)
    try:
        within(_UPDATE_LIMIT, lambda: slack.update(account, press["url"], body, _UPDATE_LIMIT))
    except TransportError as error:
        # What was asked for is done; only the message stays as it was.
        log.warning("message not updated", delivery=row.pk, reason=error.message)


def _theirs(row: Delivery, member: str) -> bool:
    """The member the message went to, who still is this person."""
    if row.channel != Channel.SLACK or not member or row.address != member:
        return False
    mine = ContactMethod.objects.filter(user_id=row.user_id or 0, channel=Channel.SLACK, address=member)
    return mine.exclude(verified_at=None).exists()
