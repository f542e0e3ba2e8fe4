"""Sign-in rules on top of allauth: nobody signs up alone, OIDC groups may map to teams.

Passwords keep working when OpenID Connect is configured, so that a local admin can always get in. Who comes
from the provider is known by its subject; on the first visit by an address the provider has checked, which
either makes a person or opens the account that has it. Without such an address the way in is a password,
then "connect" in the settings.
"""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from requests import RequestException

from core.crypto import seal
from core.events import publish
from core.text import one_line
from teams.actions.access import set_password
from teams.actions.groups import groups_in, sync_groups
from teams.actions.single_sign_on import note_admitted, note_connected, person_lock, person_with
from teams.actor import actor_for
from teams.events import AccountMailRequested
from teams.models import User

log = structlog.get_logger("watchbill.sign_in")

THEME_COOKIE = "wb_theme"
_YEAR = 365 * 24 * 3600
# To addresses without an account nothing is sent: anybody could name any address.
_NEVER_SENT = {"account/email/unknown_account", "account/email/account_already_exists"}


class AccountAdapter(DefaultAccountAdapter):
    """People come in by invitation only; mail goes through the outbox."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Hand the rendered mail to whoever delivers (`AccountMailRequested`); waits for no server."""
        if template_prefix in _NEVER_SENT:
            return
        filled = {"request": self.request, "email": email, "base_url": settings.BASE_URL, **context}
        message = self.render_mail(template_prefix, email, filled)
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        with transaction.atomic():
            publish(
                AccountMailRequested(
                    email=email,
                    user_id=user.pk if user else None,
                    reason=template_prefix.rpartition("/")[2],
                    subject=str(message.subject),
                    sealed_body=seal(str(message.body)),
                )
            )

    def get_current_site_name(self) -> str:
        return "Watchbill"

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        assert isinstance(user, User)
        set_password(actor=actor_for(user), user=user, password=password)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the mail; its host is the configured one, never what the request said."""
        uid, _dash, secret = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": secret})
        return f"{settings.BASE_URL}{path}"

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **options: Any) -> HttpResponse:
        """Memberships follow the provider's groups; the browser gets the person's colour scheme."""
        login = (options.get("signal_kwargs") or {}).get("sociallogin")
        if login is not None and settings.OIDC_GROUPS:
            groups = groups_in(login.account.extra_data, settings.OIDC_GROUPS_CLAIM)
            sync_groups(user_id=user.pk, groups=groups, mapping=settings.OIDC_GROUPS)
        response = super().post_login(request, user, **options)
        if isinstance(user, User):
            remember_theme(response, user.theme)
        return response


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """A person known to the identity provider may sign in; a local admin always can, without it."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return True

    def authenticate_by_email(self, sociallogin: Any) -> None:
        """Left to `pre_social_login`: allauth's way would take the password of the account it finds."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """First visit: connect the account with the checked address, or stop when there is no such address."""
        if sociallogin.is_existing or sociallogin.state.get("process") == "connect":
            return
        name = sociallogin.provider.name
        checked = [address.email for address in sociallogin.email_addresses if address.verified]
        if not checked:
            page = render(request, "socialaccount/unchecked.html", {"name": name}, status=403)
            raise ImmediateHttpResponse(page)
        with transaction.atomic():
            person_lock()
            user = person_with(checked[0])
            if user is None:
                return
            if not user.is_active:
                raise ImmediateHttpResponse(redirect("account_inactive"))
            sociallogin.connect(request, user)
            note_connected(user, provider=name)

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        """Make the person; of two first visits at once the second is asked to try again."""
        person = sociallogin.user
        person.email = person.email.lower()
        told = sociallogin.account.extra_data["userinfo"]
        person.name = one_line(told["name"], 120) or one_line(person.email.split("@")[0], 120)
        with transaction.atomic():
            person_lock()
            if person_with(person.email) is not None:
                raise PermissionDenied
            user = super().save_user(request, sociallogin, form)
            note_admitted(user)
        return user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """The page says whether the provider answers at all; the log says what was wrong."""
        if extra_context is not None:
            extra_context["unanswered"] = isinstance(exception, RequestException)
        log.warning("single sign-on failed", error=str(error), reason=one_line(str(exception or ""), 300))


def remember_theme(response: HttpResponse, theme: str) -> None:
    """Tell the browser the person's colour scheme before the first page is drawn."""
    if theme in ("light", "dark"):
        response.set_cookie(THEME_COOKIE, theme, max_age=_YEAR, samesite="Lax")
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
