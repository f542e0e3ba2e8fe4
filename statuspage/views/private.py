"""Pages that are not for everybody, and what their password opens. The bytes are those of the snapshot."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from core import ratelimit
from core.errors import NotVisible
from statuspage.access import may_read, unlock
from statuspage.building.html import shell
from statuspage.choices import PageAccess
from statuspage.forms.public import asked_on, client_key, from_own_form, page_root
from statuspage.models import StatusPage
from statuspage.serving.answers import find, serve
from statuspage.serving.store import store
from statuspage.subscribers.links import form_token


@require_safe
def read(request: HttpRequest, slug: str, rest: str = "") -> HttpResponse:
    """A file of a page that is not public. 404 where nobody may know of it."""
    page = StatusPage.objects.filter(slug=slug).first()
    if page is None:
        raise NotVisible
    if not may_read(request, page):
        return _refusal(request, page, rest)
    held = store().pages.get(slug)
    file = (
        find(held, rest)
        if held and held.page.id == page.public_id and held.page.access == page.access
        else None
    )
    if file is None and held and f"{rest}/index.html" in held.files:
        return _uncached(HttpResponseRedirect(f"{page_root(request, page)}{rest}/"))
    if file is None:
        missing = held.files.get("404.html") if held else None
        return _uncached(HttpResponse(missing.body if missing else b"", status=404))
    found = serve(
        file,
        request.method or "GET",
        request.headers.get("If-None-Match", "").encode("latin-1", "replace"),
        request.headers.get("Accept-Encoding", "").encode("latin-1", "replace"),
    )
    response = HttpResponse(found.body, status=found.status)
    for name, value in found.headers:
        if name != b"access-control-allow-origin":
            response.headers[name.decode()] = value.decode()
    return response


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def open_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the password; right: a cookie and back to where one came from."""
    page = StatusPage.objects.filter(slug=slug, access=PageAccess.PASSWORD).first()
    if page is None:
        raise NotVisible
    root = page_root(request, page)
    back = request.POST.get("next") or request.GET.get("next", "")
    inside = back.startswith(root) and ".." not in back
    if not inside or not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = root
    fault = ""
    if request.method == "POST":
        if not from_own_form(request, page):
            fault = gettext_noop("This form is too old; try again.")
        elif ratelimit.take(f"status-unlock:{client_key(request)}", rate=1 / 6, burst=10):
            fault = gettext_noop("Too many tries; wait a minute.")
        elif check_password(request.POST.get("password", "")[:200], page.password):
            response: HttpResponse = HttpResponseRedirect(back)
            unlock(request, response, page, root)
            return _uncached(response)
        else:
            fault = gettext_noop("This is not the password.")
    language = page.languages[0]
    with translation.override(language):
        context = {
            **shell(page, language, root),
            "at": None,
            "token": form_token(page),
            "next": back,
            "fault": fault and translation.gettext(fault),
        }
        response = render(request, "statuspage/public/unlock.html", context, status=422 if fault else 200)
    return _uncached(response)


def _refusal(request: HttpRequest, page: StatusPage, rest: str) -> HttpResponse:
    if page.access == PageAccess.SIGNED_IN and request.user.is_authenticated:
        raise NotVisible
    if rest.endswith(".json"):
        return _uncached(JsonResponse({"error": "This page is not for everybody."}, status=401))
    if rest.startswith("assets/") and page.access == PageAccess.PASSWORD:
        # The question for the password looks like the page.
        held = store().pages.get(page.slug)
        file = find(held, rest) if held and rest.endswith(".css") else None
        if file is not None:
            return _uncached(HttpResponse(file.body, content_type="text/css; charset=utf-8"))
    root = page_root(request, page)
    if page.access == PageAccess.PASSWORD:
        return _uncached(HttpResponseRedirect(f"{root}unlock/?{urlencode({'next': root + rest})}"))
    if asked_on(request):
        return _uncached(HttpResponseRedirect(f"{settings.BASE_URL}/status/{page.slug}/{rest}"))
    target = urlencode({"next": f"/status/{page.slug}/{rest}"})
    return _uncached(HttpResponseRedirect(f"{settings.LOGIN_URL}?{target}"))


def _uncached(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "private, no-store"
    return response
