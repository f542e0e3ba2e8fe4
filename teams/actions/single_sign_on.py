"""Who comes in by the identity provider. The callers hold `person_lock` and save the rows of allauth."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from core.crypto import seal
from core.events import publish
from teams.actions._locks import lock
from teams.actions.audit import record
from teams.actor import Actor, system_actor
from teams.events import AccountMailRequested
from teams.models import User


def person_lock() -> None:
    """Two first sign-ins at once wait for each other until the transaction ends."""
    lock("teams.person")


def person_with(email: str) -> User | None:
    """Whoever has this address, in whatever case, active or not."""
    return User.objects.filter(email__iexact=email).first()


def note_admitted(user: User) -> None:
    """The provider brought somebody new. Audited."""
    record(actor=_actor(), verb="created", obj_type="person", obj_id=user.pk, label=user.name)


def note_connected(user: User, *, provider: str) -> None:
    """An account that was there already now opens by the provider too. Audited, and the person is told."""
    record(actor=_actor(), verb="sign-in connected", obj_type="person", obj_id=user.pk, label=user.name)
    words = {"provider": provider, "url": settings.BASE_URL}
    with override(user.language):
        subject = _("%(provider)s now opens your Watchbill account") % words
        body = _(
            "Somebody signed in by %(provider)s with your address, so your account at %(url)s now opens that "
            "way too. Your password stays as it is. If that was not you, tell your administrator at once."
        )
        publish(
            AccountMailRequested(
                email=user.email,
                user_id=user.pk,
                reason="account_connected",
                subject=subject,
                sealed_body=seal(body % words),
            )
        )


def _actor() -> Actor:
    return system_actor(label="Single sign-on", via="system")
