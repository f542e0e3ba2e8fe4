"""Sign-in rules on top of allauth: nobody signs up alone, OIDC groups may map to teams.

Passwords keep working when OpenID Connect is configured, so that a local admin can always get in.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from core.crypto import seal
from core.events import publish
from core.text import one_line
from teams.actions.access import set_password
from teams.actions.groups import groups_in, sync_groups
from teams.actor import actor_for
from teams.events import AccountMailRequested
from teams.models import User

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

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        user = super().save_user(request, sociallogin, form)
        if not user.name:
            data = sociallogin.account.extra_data
            told = data.get("userinfo") or data.get("id_token") or data
            user.name = one_line(str(told.get("name") or user.email.split("@")[0]), 120)
            user.save(update_fields=["name"])
        return user


def remember_theme(response: HttpResponse, theme: str) -> None:
    """Tell the browser the person's colour scheme before the first page is drawn."""
    if theme in ("light", "dark"):
        response.set_cookie(THEME_COOKIE, theme, max_age=_YEAR, samesite="Lax")
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
