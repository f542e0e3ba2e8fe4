"""Web Push: what a page and the service worker send, and what makes the product an installable application."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.templatetags.static import static
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from core import clock, ratelimit, strict_json
from core.errors import DomainError, InvalidInput, NotVisible, TooMany, field_error
from notifications import providers
from notifications.actions import push
from notifications.choices import Provider
from notifications.models import ContactMethod, ProviderAccount
from notifications.transports.push.subscription import parse
from notifications.views.base import Page

_BODY_LIMIT = 16_384
_BROWSERS = (
    (r"Edg(?:e|A|iOS)?/", "Edge"),
    (r"OPR/", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"(?:Firefox|FxiOS)/", "Firefox"),
    (r"(?:Chrome|CriOS)/", "Chrome"),
    (r"Safari/", "Safari"),
)
_SYSTEMS = (
    (r"Android", "Android"),
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Windows", "Windows"),
    (r"Macintosh|Mac OS X", "Mac"),
    (r"CrOS", "ChromeOS"),
    (r"Linux", "Linux"),
)


class JsonView:
    """Reads a JSON object and answers refusals as JSON: `{detail, errors}`."""

    def refuse(self, error: DomainError) -> JsonResponse:
        answer = JsonResponse(
            {"detail": error.sentence, "code": error.code, "errors": error.fields}, status=error.status
        )
        if isinstance(error, TooMany):
            answer["Retry-After"] = str(error.retry_after)
        return answer

    @staticmethod
    def body(request: HttpRequest) -> dict[str, Any]:
        if len(request.body) > _BODY_LIMIT:
            raise InvalidInput(_("The body is larger than 16 KB."), code="too_large")
        try:
            value = strict_json.loads(request.body)
        except strict_json.BadJSON as error:
            raise InvalidInput(str(error), code="malformed") from None
        if not isinstance(value, dict):
            raise InvalidInput(_("A JSON object is needed."), code="malformed")
        return value

    @staticmethod
    def token(body: dict[str, Any]) -> str:
        value = body.get("token", "")
        if not isinstance(value, str) or len(value) > 200:
            raise field_error("token", _("Text of at most 200 characters is needed."))
        return value

    @staticmethod
    def answer(method: ContactMethod) -> JsonResponse:
        return JsonResponse(
            {
                "id": method.pk,
                "name": str(method),
                "fingerprint": push.fingerprint_of(method),
                "token": push.renewal_token(method),
                "enabled": method.usable,
            }
        )


@method_decorator(never_cache, name="dispatch")
class SubscribeView(JsonView, Page):
    """POST `{subscription, token?}` from the settings page: this browser gets my pages."""

    http_method_names = ["post"]

    def handle_no_permission(self) -> HttpResponse:  # type: ignore[override]  # JSON instead of a redirect
        return JsonResponse(
            {"detail": _("Sign in first."), "code": "not_signed_in", "errors": {}}, status=401
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            if wait := ratelimit.take(f"push:{request.user.pk}", rate=0.2, burst=10):
                raise TooMany(retry_after=wait)
            body = self.body(request)
            method = push.subscribe(
                actor=self.actor,
                subscription=parse(body.get("subscription")),
                browser=browser_name(request),
                token=self.token(body),
                now=clock.now(),
            )
        except DomainError as error:
            return self.refuse(error)
        return self.answer(method)


# The signed token is the credential: a service worker has no page to take a CSRF token from, and renews when
# nobody is signed in any more.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class RenewView(JsonView, View):
    """POST `{token, subscription}` from the service worker: the browser has exchanged its subscription."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            body = self.body(request)
            method = push.renew(
                token=self.token(body),
                subscription=parse(body.get("subscription")),
                browser=browser_name(request),
                now=clock.now(),
            )
        except DomainError as error:
            return self.refuse(error)
        return self.answer(method)


def browser_name(request: HttpRequest) -> str:
    """What people call it: "Chrome on Android"."""
    agent = request.headers.get("User-Agent", "")[:500]
    browser = next((name for pattern, name in _BROWSERS if re.search(pattern, agent)), _("Browser"))
    system = next((name for pattern, name in _SYSTEMS if re.search(pattern, agent)), "")
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser


class WorkerView(View):
    """`/sw.js`: at the root, because a service worker answers for the addresses below its own."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponseBase:
        path = finders.find("sw.js")
        if not path:
            raise NotVisible
        answer = HttpResponse(Path(str(path)).read_bytes(), content_type="text/javascript; charset=utf-8")
        # Browsers ask for it anew on every visit, so that a new version works at once.
        answer["Cache-Control"] = "no-cache"
        answer["Service-Worker-Allowed"] = "/"
        return answer


class KeyView(View):
    """`/push/key/`: the public key that messages are signed with, for a browser that subscribes anew."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        row = ProviderAccount.objects.filter(provider=Provider.PUSH, enabled=True).first()
        public = providers.opened(row).get("public", "") if row is not None else ""
        if not public:
            raise NotVisible
        return JsonResponse({"key": public})


class ManifestView(View):
    """`/manifest.webmanifest`: name, icons and first page of the installed application."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        sizes = (("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any"))
        maskable = ("icon-maskable-512.png", "512x512", "maskable")
        found = {
            "id": "/",
            "name": "Watchbill",
            "short_name": "Watchbill",
            "description": _("Pages, incidents and who is on call."),
            "lang": "en",
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f8f9fa",
            "theme_color": "#12606b",
            "icons": [
                {"src": static(name), "sizes": size, "type": "image/png", "purpose": purpose}
                for name, size, purpose in (*sizes, maskable)
            ],
        }
        answer = JsonResponse(found, content_type="application/manifest+json")
        answer["Cache-Control"] = "public, max-age=3600"
        return answer
