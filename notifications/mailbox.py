"""Django's own mail (password resets, sign-in notices) takes the same way out as ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from notifications.models import CapturedMail
from notifications.selectors import captures_mail
from notifications.transports.calling import call_limit
from notifications.transports.email import connection


class Backend(BaseEmailBackend):
    """For `EMAIL_BACKEND`: the server of `EMAIL_URL`, else `/dev/outbox/`; nowhere when there is neither."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if settings.EMAIL_URL:
            return connection(call_limit()).send_messages(email_messages) or 0
        if not captures_mail():
            return 0
        rows = [
            CapturedMail(
                recipient=recipient[:254],
                subject=str(message.subject)[:500],
                text=str(message.body),
                html=_html(message),
                headers={str(name): str(value) for name, value in message.extra_headers.items()},
            )
            for message in email_messages
            for recipient in message.recipients()
        ]
        CapturedMail.objects.bulk_create(rows)
        return len(email_messages)


def _html(message: EmailMessage) -> str:
    parts: Sequence[Any] = getattr(message, "alternatives", ())
    return next((str(content) for content, kind in parts if kind == "text/html"), "")
