"""Amazon SNS: its envelope, its signature and the confirmation of a subscription.

A signature is checked before anything is stored, in the request's own thread: certificates come from SNS' own hosts
alone, are kept for a day and cost at most a few seconds once. When one cannot be fetched the answer is 503, which SNS
tries again. Messages without an envelope (raw delivery) carry no signature: only an integration that says so in its
settings takes them.
"""

from __future__ import annotations

import base64
import re
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.db import transaction
from django.db.models import Q

from alerts.intake.keeping import keep
from alerts.intake.messages import Refused, Reply, Waiting, problem
from alerts.intake.store import Batch, Stored
from alerts.models import Integration
from alerts.sources import PayloadError
from alerts.sources.base import loose, require_object
from alerts.sources.cloudwatch import is_topic, parse
from core import clock
from core.crypto import digest
from core.strict_json import BadJSON, loads
from notifications.transports.base import TransportError
from notifications.transports.http import call

_HOST = re.compile(r"^sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?$")
_CERTIFICATE = re.compile(r"^/SimpleNotificationService-[0-9a-zA-Z]{1,64}\.pem$")
_TYPES = ("Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}
_HASHES: dict[str, Any] = {"1": hashes.SHA1, "2": hashes.SHA256}
_SECONDS = 4.0
_LARGEST = 16 * 1024
_KEPT, _KEPT_FAULT, _MOST_KEPT = 86_400.0, 30.0, 20
MOST_PENDING = 10

_lock = threading.Lock()
_certificates: dict[str, tuple[float, rsa.RSAPublicKey | str]] = {}


def own_url(url: Any) -> str:
    """The host of an https address of SNS itself, else ""."""
    try:
        parts = urlsplit(url) if isinstance(url, str) and len(url) < 2000 else urlsplit("")
        plain = parts.port in (None, 443) and parts.username is None and parts.password is None
    except ValueError:
        return ""
    host = parts.hostname or ""
    return host if parts.scheme == "https" and plain and _HOST.match(host) else ""


def prepare(key: str, payload: Any) -> Reply | Waiting:
    """A notification as an event, or a subscription that waits for its confirmation. Asks the database."""
    hashed = digest(key)
    rows = Integration.objects.filter(Q(key_digest=hashed) | Q(next_key_digest=hashed), is_active=True)
    integration = rows.only("pk", "settings").first()
    if integration is None:
        return problem(404, "unknown_key", "This integration key is not known.")
    settings = integration.settings if isinstance(integration.settings, dict) else {}
    try:
        body = require_object(payload)
    except PayloadError as error:
        return problem(400, "invalid", str(error), error.errors)
    if "AlarmName" in body and "Type" not in body:
        if not settings.get("raw_delivery"):
            why = (
                "It is not signed. Switch raw delivery off in SNS, or allow it in the integration's settings."
            )
            return problem(403, "not_signed", why)
        return _alarm(key, body, body)
    envelope = _envelope(body)
    topics = settings.get("topics")
    if isinstance(topics, list) and topics and envelope["TopicArn"] not in topics:
        return problem(403, "other_topic", "The integration's settings name other topics.")
    if fault := signature_fault(envelope):
        return problem(403, "bad_signature", fault)
    if envelope["Type"] == "Notification":
        return _notification(key, envelope, body)
    if envelope["Type"] == "SubscriptionConfirmation":
        return _subscription(integration, envelope, confirmed=bool(topics))
    how = {"kind": "cloudwatch", "ignored": "A subscription has ended"}
    return Waiting(Batch.to_read(key, how, _without_urls(body)), lambda stored: _reply(stored, 0))


def _envelope(body: dict[str, Any]) -> dict[str, str]:
    """The envelope's texts; `Refused` when it is none."""
    names = ("Type", "MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion", "Signature")
    texts = {name: value for name, value in body.items() if isinstance(value, str)}
    texts.setdefault("SigningCertURL", texts.get("SigningCertUrl", ""))
    if missing := [name for name in names if not texts.get(name)]:
        errors = {name: ["Is required."] for name in missing}
        raise Refused(problem(400, "invalid", f"{missing[0]}: Is required.", errors))
    if texts["Type"] not in _TYPES:
        why = f"Must be one of {', '.join(_TYPES)}."
        raise Refused(problem(400, "invalid", f"Type: {why}", {"Type": [why]}))
    if not is_topic(texts["TopicArn"]):
        why = "Must be the address of a topic."
        raise Refused(problem(400, "invalid", f"TopicArn: {why}", {"TopicArn": [why]}))
    return texts


def signature_fault(envelope: dict[str, str]) -> str:
    """What is wrong with the signature, "" when it is right. `Refused` (503) when that cannot be found out now."""
    made = _HASHES.get(envelope["SignatureVersion"])
    if made is None:
        return "The signature's version is not known."
    url = envelope["SigningCertURL"]
    if not own_url(url) or not _CERTIFICATE.match(urlsplit(url).path) or urlsplit(url).query:
        return "The certificate is not one of SNS."
    try:
        signature = base64.b64decode(envelope["Signature"], validate=True)
    except ValueError:
        return "The signature is not base64."
    names = _SIGNED["Notification" if envelope["Type"] == "Notification" else "SubscriptionConfirmation"]
    text = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)
    found = _certificate(url)
    if isinstance(found, str):
        raise Refused(problem(503, "certificate", found, headers={"Retry-After": "30"}))
    try:
        found.verify(signature, text.encode(), padding.PKCS1v15(), made())
    except InvalidSignature:
        return "The signature does not match."
    return ""


def _certificate(url: str) -> rsa.RSAPublicKey | str:
    """The public key at this address of SNS, or why there is none now; remembered."""
    with _lock:
        known = _certificates.get(url)
        if known and time.monotonic() < known[0]:
            return known[1]
        found = _fetch(url)
        if len(_certificates) >= _MOST_KEPT:
            _certificates.clear()
        kept = _KEPT_FAULT if isinstance(found, str) else _KEPT
        _certificates[url] = (time.monotonic() + kept, found)
        return found


def _fetch(url: str) -> rsa.RSAPublicKey | str:
    try:
        answer = call("GET", url, limit=_SECONDS)
    except TransportError as error:
        return f"The certificate of SNS cannot be fetched: {error.message}"
    if answer.status != 200 or len(answer.body) > _LARGEST:
        return f"The certificate of SNS cannot be fetched: HTTP {answer.status}."
    try:
        public = x509.load_pem_x509_certificate(answer.body).public_key()
    except ValueError:
        return "The certificate of SNS cannot be read."
    return public if isinstance(public, rsa.RSAPublicKey) else "The certificate of SNS is of another kind."


def _notification(key: str, envelope: dict[str, str], body: dict[str, Any]) -> Reply | Waiting:
    try:
        alarm = loads(envelope["Message"].encode())
    except BadJSON:
        alarm = None
    if not isinstance(alarm, dict):
        why = "Message: Must be the JSON of a CloudWatch alarm."
        refusal = problem(400, "invalid", why, {"Message": ["Must be the JSON of a CloudWatch alarm."]})
        return keep(key, "cloudwatch", _without_urls(body), refusal, why)
    return _alarm(key, alarm, alarm)


def _alarm(key: str, alarm: dict[str, Any], kept: Any) -> Reply | Waiting:
    try:
        events = parse(alarm)
    except PayloadError as error:
        refusal = problem(400, "invalid", str(error), error.errors)
        return keep(key, "cloudwatch", kept, refusal, str(error))
    return Waiting(Batch.of(key, events), lambda stored: _reply(stored, len(events)))


def _without_urls(body: dict[str, Any]) -> dict[str, Any]:
    """What may be kept and shown: not the addresses that confirm or end a subscription."""
    return {
        name: value for name, value in body.items() if not name.lower().endswith("url") and name != "Token"
    }


def _reply(stored: Stored, count: int) -> Reply:
    if stored.wait:
        why = "Too many requests for this key."
        return problem(429, "rate_limited", why, headers={"Retry-After": str(stored.wait)})
    if not stored.known:
        return problem(404, "unknown_key", "This integration key is not known.")
    return Reply(202, {"status": "accepted", "request_id": str(stored.request_id), "accepted": count})


def _subscription(integration: Integration, envelope: dict[str, str], *, confirmed: bool) -> Reply:
    """Keep it until somebody confirms it; a topic the settings name is confirmed at once."""
    url, topic = envelope.get("SubscribeURL", ""), envelope["TopicArn"]
    if not own_url(url):
        return problem(403, "bad_signature", "SubscribeURL is not an address of SNS.")
    if confirmed and not confirm(url):
        return Reply(200, {"status": "confirmed"})
    with transaction.atomic():
        row = Integration.objects.select_for_update(no_key=True).get(pk=integration.pk)
        found = row.settings if isinstance(row.settings, dict) else {}
        pending = [each for each in found.get("subscriptions", []) if each.get("topic") != topic]
        new = {"topic": topic, "url": url, "at": clock.now().isoformat()}
        row.settings = {**found, "subscriptions": [*pending, new][-MOST_PENDING:]}
        row.save(update_fields=["settings"])
    return Reply(202, {"status": "waiting for confirmation"})


def confirm(url: str) -> str:
    """Visit the address that confirms a subscription; why it did not work, "" when it did."""
    if not own_url(url):
        return "It is not an address of SNS."
    try:
        answer = call("GET", url, limit=_SECONDS)
    except TransportError as error:
        return error.message
    return (
        ""
        if answer.status == 200
        else f"SNS answered {answer.status}: {loose(answer.body[:200].decode('utf-8', 'replace'), 200)}"
    )
