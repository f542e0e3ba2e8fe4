"""What Twilio calls: reports, texts that came in, and what a phone call says."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from core import clock
from core.errors import NotVisible
from core.text import clean, one_line
from notifications import links, replies
from notifications.actions import answers
from notifications.choices import Channel, Provider
from notifications.models import Delivery
from notifications.outbox import building, reports
from notifications.providers import settings_of
from notifications.transports.base import Outgoing
from notifications.transports.twilio import signature
from notifications.transports.voice import twiml


# Twilio cannot send our CSRF token; its own signature is checked instead.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class TwilioView(View):
    """Answers 403 to whatever is not signed with the account's auth token, or while Twilio is off."""

    http_method_names = ["post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        account = settings_of(Provider.TWILIO)
        url = f"{settings.BASE_URL}{request.get_full_path()}"
        given = request.headers.get("X-Twilio-Signature", "")
        params = {name: request.POST.getlist(name) for name in request.POST}
        if account is None or not signature.valid(given, url, params, account.get("auth_token", "")):
            return HttpResponse("The signature does not fit.", status=403, content_type="text/plain")
        return super().dispatch(request, *args, **kwargs)

    def said(self, name: str, limit: int = 200) -> str:
        """A parameter, made safe to store."""
        return clean(self.request.POST.get(name, ""), limit)


def xml(text: str) -> HttpResponse:
    """TwiML."""
    return HttpResponse(text, content_type="text/xml; charset=utf-8")


class TwilioStatusView(TwilioView):
    """What became of a message or call; the token names the delivery, even before we know Twilio's name."""

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        delivery_id = links.read_callback(token)
        if delivery_id is None:
            raise NotVisible
        text_id, call_id = self.said("MessageSid"), self.said("CallSid")
        status = (self.said("MessageStatus") if text_id else self.said("CallStatus")).lower()
        if text_id or call_id:
            reports.take(
                provider=Provider.TWILIO,
                message_id=(text_id or call_id)[:100],
                status=status,
                delivery_id=delivery_id,
                reason=_reason(status, self.said("ErrorCode", 10), call=not text_id),
                now=clock.database_now(),
            )
        return HttpResponse(status=204)


def _reason(status: str, code: str, *, call: bool) -> str:
    words = {
        "undelivered": _("The text message could not be delivered"),
        "busy": _("The line was busy"),
        "no-answer": _("Nobody picked up"),
        "canceled": _("It was cancelled at Twilio"),
        "failed": _("The call could not be made") if call else _("The text message could not be sent"),
    }.get(status, status)
    return f"{words} (Twilio {code})." if code.isascii() and code.isdigit() else f"{words}."


class TwilioTextView(TwilioView):
    """A text message that came in."""

    def post(self, request: HttpRequest) -> HttpResponse:
        message_id = self.said("MessageSid", 100)
        if not message_id:
            return xml(twiml.response())
        sentence = answers.answer_text(
            message_id=message_id,
            number=self.said("From", 40),
            text=self.said("Body", 1000),
            now=clock.now(),
        )
        return xml(twiml.message(sentence))


class CallView(TwilioView):
    """What the two views of a call share: the delivery, and which time it is said."""

    def _row(self, token: str) -> Delivery | None:
        delivery_id = links.read_callback(token)
        rows = Delivery.objects.filter(channel=Channel.VOICE, user__is_active=True)
        return rows.select_related("user", "method", "subscription").filter(pk=delivery_id or 0).first()

    def found(self, token: str) -> tuple[Delivery, Outgoing]:
        row = self._row(token)
        outgoing = building.outgoing(row) if row is not None else None
        if row is None or outgoing is None:
            raise NotVisible
        return row, outgoing

    @property
    def turn(self) -> int:
        """Which time it is said, from the address."""
        text = self.request.GET.get("turn", "")
        return int(text) if text in {"1", "2", "3", "4"} else 1


class TwilioVoiceView(CallView):
    """Reads the page, the code or the test aloud."""

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        row, outgoing = self.found(token)
        with translation.override(outgoing.language):
            return self._answer(row, outgoing)

    def _answer(self, row: Delivery, outgoing: Outgoing) -> HttpResponse:
        if outgoing.code:
            return xml(twiml.code(outgoing))
        if outgoing.category != "page":
            words = f"{outgoing.title}. {one_line(outgoing.body, 300)}"
            return xml(twiml.goodbye(words, outgoing.language))
        state = ""
        if row.subject_key:
            subject = replies.port().describe(subject_key=row.subject_key, user_id=row.user_id or 0)
            if subject is None:
                raise NotVisible
            state = "" if subject.open else subject.state
        return xml(twiml.page(outgoing, self.turn, state))


class TwilioDigitView(CallView):
    """A key was pressed."""

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        row, outgoing = self.found(token)
        sentence = answers.answer_key(
            delivery_id=row.pk,
            call_id=self.said("CallSid", 100),
            turn=self.turn,
            key=self.said("Digits", 10),
            now=clock.now(),
        )
        with translation.override(outgoing.language):
            if sentence is None:
                return xml(twiml.page(outgoing, self.turn + 1))
            return xml(twiml.goodbye(sentence, outgoing.language))
