"""Who may read a page that is not for everybody."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.core import signing

from core.pages import actor_of
from statuspage.choices import PageAccess
from statuspage.models import StatusPage

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

OPEN_SECONDS = 7 * 24 * 3600


def may_read(request: HttpRequest, page: StatusPage) -> bool:
    """Everybody a public page; with the cookie of `unlock` one with a password; else whoever is signed in and may
    see the page's team."""
    if page.access == PageAccess.PUBLIC:
        return True
    if page.access == PageAccess.PASSWORD:
        value = request.COOKIES.get(_cookie(page), "")
        try:
            return bool(signing.loads(value, salt=_salt(page), max_age=OPEN_SECONDS) == page.public_id)
        except signing.BadSignature:
            return False
    if not request.user.is_authenticated:
        return False
    return bool(StatusPage.objects.visible_to(actor_of(request)).filter(pk=page.pk).exists())


def unlock(request: HttpRequest, response: HttpResponse, page: StatusPage, path: str) -> None:
    """Give whoever knew the password a cookie for a week; a new password ends it."""
    response.set_cookie(
        _cookie(page),
        signing.dumps(page.public_id, salt=_salt(page)),
        max_age=OPEN_SECONDS,
        path=path,
        httponly=True,
        secure=request.is_secure(),
        samesite="Lax",
    )


def _cookie(page: StatusPage) -> str:
    return f"wb_page_{page.public_id}"


def _salt(page: StatusPage) -> str:
    return f"statuspage.read.{hashlib.sha256(page.password.encode()).hexdigest()[:16]}"
