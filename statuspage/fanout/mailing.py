"""Mail of a batch over one connection to the server of `EMAIL_URL`; without one it is kept for `/dev/outbox/`."""

from __future__ import annotations

import contextlib
import smtplib
from types import TracebackType

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from notifications.models import CapturedMail
from notifications.selectors import captures_mail
from notifications.transports.calling import call_limit
from notifications.transports.email import connection, judged
from statuspage.fanout.letters import Letter
from statuspage.fanout.outcomes import Failure


class MailServer:
    """A connection that opens with the first letter, stays for the next ones, and opens anew after trouble.

    `down` once it could not be reached or hung up: the rest of a batch need not find that out one by one.
    """

    def __init__(self) -> None:
        self.down = False
        self._line: BaseEmailBackend | None = None

    def __enter__(self) -> MailServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def send(self, letter: Letter) -> Failure | None:
        """Hand the letter over; None once the server has taken it."""
        if not letter.to:
            return Failure("The address cannot be read: the secret key has changed.", final=True)
        if not settings.EMAIL_URL:
            return _kept(letter)
        try:
            if self._line is None:
                line = connection(call_limit())
                line.open()
                self._line = line
            self._mail(letter, self._line).send()
        except (smtplib.SMTPException, OSError) as error:
            return self._trouble(error, letter)
        except (BadHeaderError, ValueError) as error:
            return Failure(_without(letter.to, f"The mail cannot be written: {error}."), final=True)
        return None

    def _mail(self, letter: Letter, line: BaseEmailBackend) -> EmailMultiAlternatives:
        mail = EmailMultiAlternatives(
            subject=letter.subject,
            body=letter.text,
            # Where failures are reported to; readers see the usual sender.
            from_email=letter.return_path or settings.DEFAULT_FROM_EMAIL,
            to=[letter.to],
            headers={"From": settings.DEFAULT_FROM_EMAIL, **letter.headers},
            connection=line,
        )
        mail.attach_alternative(letter.html, "text/html")
        return mail

    def _trouble(self, error: smtplib.SMTPException | OSError, letter: Letter) -> Failure:
        told = judged(error)
        refused = isinstance(error, smtplib.SMTPRecipientsRefused)
        if not refused and not isinstance(error, smtplib.SMTPDataError):
            self.down = True
            self._close()
        return Failure(
            _without(letter.to, told.message), final=told.permanent, address=refused and told.permanent
        )

    def _close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                line.close()


def _kept(letter: Letter) -> Failure | None:
    if not captures_mail():
        return Failure("No mail server is configured (EMAIL_URL).", final=True)
    CapturedMail.objects.create(
        recipient=letter.to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        headers=letter.headers,
    )
    return None


def _without(address: str, reason: str) -> str:
    """Servers repeat the address in what they say; it is kept in one place only."""
    return reason.replace(address, "…")
