"""The one-tap acknowledge link in mails: works without signing in, asks before it does anything."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from notifications import links, replies
from notifications.choices import Category
from notifications.models import Delivery
from notifications.replies import ReplySubject

TEMPLATE = "notifications/pages/acknowledge.html"


# The signed token in the address is the credential: whoever could forge the request has it already, and
# mail programs open such links in browsers without cookies.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class AcknowledgeView(View):
    """GET shows what it is about and changes nothing, for scanners open every link; POST acknowledges."""

    http_method_names = ["get", "head", "post"]

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
        sentence = replies.port().acknowledge(
            subject_key=self.delivery.subject_key, user_id=self.user.pk, via="mail"
        )
        return self._page(self._describe(), sentence)

    def _describe(self) -> ReplySubject | None:
        return replies.port().describe(subject_key=self.delivery.subject_key, user_id=self.user.pk)

    def _page(self, subject: ReplySubject | None, sentence: str = "") -> HttpResponse:
        context = {"subject": subject, "sentence": sentence, "person": self.user}
        return self._render(context, 200)

    def _gone(self) -> HttpResponse:
        return self._render({"gone": _("This link is not complete, or it is older than seven days.")}, 404)

    def _render(self, context: dict[str, Any], status: int) -> HttpResponse:
        response = render(self.request, TEMPLATE, context, status=status)
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
