"""What facts about people cause here: mail about signing in, and nothing more for those who left."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _
from django.utils.translation import override

from core import clock
from core.events import subscribe
from notifications.actions.deliveries import withdraw_from_person
from notifications.actions.messages import request_account_mail
from teams.events import AccountMailRequested, InvitationCreated, PasswordChanged, PersonDeactivated
from teams.models import User


@subscribe(AccountMailRequested, name="notifications.account_mail")
def account_mail(event: AccountMailRequested) -> None:
    """The mails of the sign-in pages leave through the outbox like all others."""
    request_account_mail(
        key=f"account-{uuid.uuid4().hex}",
        address=event.email,
        user_id=event.user_id,
        title=event.subject,
        sealed_body=event.sealed_body,
        now=clock.now(),
    )


@subscribe(InvitationCreated, name="notifications.invitation_mail")
def invitation_mail(event: InvitationCreated) -> None:
    """Send the link to the address it was made for."""
    words = {"who": event.invited_by, "team": event.team_name}
    if event.team_name:
        title = _("%(who)s invites you to %(team)s on Watchbill") % words
    else:
        title = _("%(who)s invites you to Watchbill") % words
    request_account_mail(
        key=f"invitation-{event.invitation_id}-{uuid.uuid4().hex}",
        address=event.email,
        user_id=None,
        title=title,
        body=_("The link below works once. If you did not expect it, do nothing."),
        sealed_path=event.sealed_path,
        now=clock.now(),
    )


@subscribe(PasswordChanged, name="notifications.password_mail")
def password_mail(event: PasswordChanged) -> None:
    """Tell the person, so that a change they did not make does not stay unseen."""
    user = User.objects.filter(pk=event.user_id, is_active=True).first()
    if user is None:
        return
    with override(user.language):
        request_account_mail(
            key=f"password-{uuid.uuid4().hex}",
            address=user.email,
            user_id=user.pk,
            title=_("Your Watchbill password was changed"),
            body=_("By %(who)s. If that was not you, tell your administrator at once.") % {"who": event.by},
            now=clock.now(),
        )


@subscribe(PersonDeactivated, name="notifications.withdraw")
def person_deactivated(event: PersonDeactivated) -> None:
    """Whoever has left is not written to any more."""
    withdraw_from_person(user_id=event.user_id, reason=_("The person was deactivated."), now=clock.now())
