"""E-mail through the SMTP server named by `EMAIL_URL`; without one it is kept for `/dev/outbox/`."""

from __future__ import annotations

import contextlib
import hashlib
import smtplib
import ssl
from typing import Any
from urllib.parse import urlsplit

import dj_email_url
from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from notifications.links import absolute
from notifications.models import CapturedMail
from notifications.selectors import captures_mail
from notifications.transports.base import Outgoing, Receipt, TransportError
from notifications.transports.email.rendering import Rendered, render

_SMTP = "django.core.mail.backends.smtp.EmailBackend"
_STARTTLS = {"smtp+tls", "submission"}
_TLS = {"smtp+ssl", "smtps"}


class EmailTransport:
    def remote(self) -> bool:
        return bool(settings.EMAIL_URL)

    def provider(self, outgoing: Outgoing) -> str:
        return urlsplit(settings.EMAIL_URL).netloc.rpartition("@")[2] or "mail"

    def send(self, outgoing: Outgoing, *, limit: float) -> Receipt:
        """Hand the mail to the server; 4xx answers and network trouble are tried again, 5xx are final."""
        mail = render(outgoing)
        headers = headers_of(outgoing)
        if not settings.EMAIL_URL:
            return _capture(outgoing, mail, headers)
        server = connection(limit)
        message = EmailMultiAlternatives(
            subject=mail.subject,
            body=mail.text,
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[outgoing.address],
            headers=headers,
            connection=server,
        )
        message.attach_alternative(mail.html, "text/html")
        _attach_calendar(message, outgoing)
        try:
            message.send()
        except (smtplib.SMTPException, OSError) as error:
            # A certificate that is not trusted is both an OSError and a ValueError.
            raise judged(error) from None
        except (BadHeaderError, ValueError) as error:
            raise TransportError(f"The mail cannot be written: {error}.", permanent=True) from None
        finally:
            # A connection that broke half-way is left open by Django.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.close()
        return Receipt(provider_id=headers["Message-ID"])


def _attach_calendar(message: EmailMultiAlternatives, outgoing: Outgoing) -> None:
    """`payload["calendar"]`, {method, text}: as a part mail programs answer by themselves, and as a file for others."""
    invitation = outgoing.payload.get("calendar")
    if invitation:
        method = str(invitation["method"])
        message.attach_alternative(invitation["text"], f"text/calendar; method={method}")
        message.attach("invite.ics", invitation["text"].encode(), "application/ics")


def headers_of(outgoing: Outgoing) -> dict[str, str]:
    """The headers beside the usual; the Message-ID follows from the idempotency key."""
    host = urlsplit(settings.BASE_URL).hostname or "watchbill.invalid"
    name = hashlib.sha256(outgoing.key.encode()).hexdigest()[:40]
    headers = {
        "Message-ID": f"<{name}@{host}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Watchbill-Delivery": str(outgoing.delivery_id),
    }
    if outgoing.category == "page" and outgoing.urgency == "high":
        headers |= {"Importance": "high", "X-Priority": "1"}
    stop = outgoing.payload.get("stop", "")
    if stop and outgoing.user_id is None:
        # RFC 8058: the mail program stops it with one click of its own button.
        headers |= {
            "List-Unsubscribe": f"<{absolute(stop)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    return headers


def _capture(outgoing: Outgoing, mail: Rendered, headers: dict[str, str]) -> Receipt:
    if not captures_mail():
        raise TransportError("No mail server is configured (EMAIL_URL).", permanent=True)
    row = CapturedMail.objects.create(
        recipient=outgoing.address, subject=mail.subject, text=mail.text, html=mail.html, headers=headers
    )
    return Receipt(provider_id=f"outbox:{row.pk}")


def connection(limit: float) -> BaseEmailBackend:
    """A connection to the server of `EMAIL_URL` whose every step takes at most `limit` seconds."""
    config = server_of(settings.EMAIL_URL)
    backend = config["EMAIL_BACKEND"]
    if backend != _SMTP:
        return get_connection(backend)
    return get_connection(
        backend,
        host=config["EMAIL_HOST"],
        port=config["EMAIL_PORT"],
        username=config["EMAIL_HOST_USER"] or "",
        password=config["EMAIL_HOST_PASSWORD"] or "",
        use_tls=config.get("EMAIL_USE_TLS", False),
        use_ssl=config.get("EMAIL_USE_SSL", False),
        timeout=limit,
    )


def server_of(url: str) -> dict[str, Any]:
    """Django's EMAIL_ settings for this address.

    `smtp+tls` and `submission` are STARTTLS (port 587), `smtp+ssl` and `smtps` TLS from the start (465),
    `smtp` is in clear (25) unless the query says `?tls=1` or `?ssl=1`.
    """
    scheme, _colon, rest = url.partition("://")
    if scheme not in _STARTTLS | _TLS:
        config: dict[str, Any] = dj_email_url.parse(url)
        return config
    secure = {"EMAIL_USE_TLS": scheme in _STARTTLS, "EMAIL_USE_SSL": scheme in _TLS}
    port = urlsplit(url).port or (587 if scheme in _STARTTLS else 465)
    return {**dj_email_url.parse(f"smtp://{rest}"), **secure, "EMAIL_PORT": port}


def judged(error: smtplib.SMTPException | OSError) -> TransportError:
    """Only a refusal of the recipient or of the message is final; the rest is the server's trouble.

    A server that cannot be trusted or does not take us is as good as down: pages go another way at once.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return TransportError(
            f"The mail server refused the address: {code} {_text(text)}", permanent=code >= 500
        )
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPSenderRefused):
        reason = f"{error.smtp_code} {_text(error.smtp_error)}"
        return TransportError(f"The mail server refused us: {reason}", unavailable=error.smtp_code >= 500)
    if isinstance(error, smtplib.SMTPDataError):
        reason = f"{error.smtp_code} {_text(error.smtp_error)}"
        return TransportError(f"The mail server refused the mail: {reason}", permanent=error.smtp_code >= 500)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return TransportError(
            f"The mail server cannot do what EMAIL_URL asks for: {_text(str(error)).rstrip('.')}.",
            unavailable=True,
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = _text(error.verify_message).rstrip(".") or "it could not be checked"
        return TransportError(f"The mail server's certificate is not trusted: {reason}.", unavailable=True)
    if isinstance(error, TimeoutError):
        return TransportError("The mail server did not answer in time.")
    return TransportError(f"The mail server cannot be reached: {_text(str(error)) or type(error).__name__}.")


def _text(value: bytes | str) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return " ".join(text.split())[:300]
