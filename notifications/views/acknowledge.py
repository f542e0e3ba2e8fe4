"""The one-tap links in mails and push notifications: they work without signing in and ask before they act."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from core.pages import wants_json
from notifications import links, replies
from notifications.choices import Category, Channel
from notifications.models import Delivery
from notifications.replies import ReplyPort, ReplySubject

TEMPLATE = "notifications/pages/acknowledge.html"


# The signed token in the address is the credential: whoever could forge the request has it already, and
# mail programs open such links in browsers without cookies.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class AcknowledgeView(View):
    """GET shows what it is about and changes nothing, for scanners open every link; POST acknowledges.

    `Accept: application/json` is answered with `{sentence, url}`, or 404 and `{detail}`.
    """

    http_method_names = ["get", "head", "post"]
    verb = "acknowledge"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        delivery = self._delivery(kwargs["token"])
        if delivery is None or delivery.user is None:
            return self._gone()
        self.delivery, self.user = delivery, delivery.user
        with translation.override(self.user.language), timezone.override(self.user.zone):
            return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        subject = self._describe()
        return self._page(subject) if subject else self._gone()

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        if self._describe() is None:
            return self._gone()
        via = "push" if self.delivery.channel == Channel.PUSH else "mail"
        sentence = self.act(replies.port(), via)
        return self._page(self._describe(), sentence)

    def act(self, port: ReplyPort, via: str) -> str:
        """What POST does; returns the sentence the person reads."""
        return port.acknowledge(subject_key=self.delivery.subject_key, user_id=self.user.pk, via=via)

    def _describe(self) -> ReplySubject | None:
        return replies.port().describe(subject_key=self.delivery.subject_key, user_id=self.user.pk)

    def _page(self, subject: ReplySubject | None, sentence: str = "") -> HttpResponse:
        if wants_json(self.request):
            url = subject.url_path if subject else ""
            state = subject.state if subject else ""
            return self._private(JsonResponse({"sentence": sentence or state, "url": url}))
        context = {"subject": subject, "sentence": sentence, "person": self.user, "verb": self.verb}
        return self._render({**context, "token": self.kwargs["token"]}, 200)

    def _gone(self) -> HttpResponse:
        reason = _("This link is not complete, or it is older than seven days.")
        if wants_json(self.request):
            return self._private(JsonResponse({"detail": reason}, status=404))
        return self._render({"gone": reason}, 404)

    def _render(self, context: dict[str, Any], status: int) -> HttpResponse:
        return self._private(render(self.request, TEMPLATE, context, status=status))

    @staticmethod
    def _private(response: HttpResponse) -> HttpResponse:
        response["X-Robots-Tag"] = "noindex"
        response["Referrer-Policy"] = "no-referrer"
        return response

    @staticmethod
    def _delivery(token: str) -> Delivery | None:
        delivery_id = links.read_token(token)
        if delivery_id is None:
            return None
        pages = Delivery.objects.filter(category=Category.PAGE, user__is_active=True).exclude(subject_key="")
        return pages.select_related("user").filter(pk=delivery_id).first()


class DeclineView(AcknowledgeView):
    """POST: the person cannot take it, so whoever is next is paged at once."""

    verb = "decline"

    def act(self, port: ReplyPort, via: str) -> str:
        return port.decline(subject_key=self.delivery.subject_key, user_id=self.user.pk, via=via)
