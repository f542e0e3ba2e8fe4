"""Forms of public pages have no session and no cookie: a signed token and the origin say where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from django.conf import settings

from core.crypto import digest
from statuspage.models import StatusPage
from statuspage.serving import DOMAIN_KEY
from statuspage.subscribers.links import form_token_valid

if TYPE_CHECKING:
    from django.http import HttpRequest


def asked_on(request: HttpRequest) -> str:
    """The page's own domain the request came by, "" when it came by this installation's address."""
    scope = getattr(request, "scope", {})
    return str(scope.get(DOMAIN_KEY) or request.META.get(DOMAIN_KEY) or "")


def page_root(request: HttpRequest, page: StatusPage) -> str:
    """Path of the page's root as the browser sees it."""
    return "/" if asked_on(request) else page.public_path


def from_own_form(request: HttpRequest, page: StatusPage) -> bool:
    """Whether a POST comes from a form of this page: its token is ours and young, its origin one of ours."""
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    if origin and origin != "null":
        ours = {urlsplit(settings.BASE_URL).netloc, page.domain, request.get_host()}
        try:
            if urlsplit(origin).netloc not in ours:
                return False
        except ValueError:
            return False
    return form_token_valid(page, request.POST.get("token", "")[:500])


def client_key(request: HttpRequest) -> str:
    """Who asks, for limits; the address itself is kept nowhere."""
    return digest(str(get_adapter().get_client_ip(request)))[:24]
