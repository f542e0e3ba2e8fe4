"""Who may open an alert: signatures of Sentry, Grafana and SNS."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from alerts import actions
from alerts.intake import sns
from alerts.intake.messages import Reply
from alerts.intake.receive import handle
from alerts.models import Alert, IntakeItem
from core.errors import InvalidInput, NotAllowed, NotVisible
from notifications.transports.base import TransportError
from notifications.transports.http import Answer
from tests.alerts.support import native, payload, request
from tests.world import World, make_integration, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
SECRET = "s3cret"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:oncall"
CERTIFICATE = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
SUBSCRIBE = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x&Token=y"


def items(*fields: str) -> list[tuple[Any, ...]]:
    return list(IntakeItem.objects.order_by("pk").values_list(*fields))


def made(kind: str, secret: str = "") -> World:
    world = make_world()
    world.integration, world.key = make_integration(world.service, kind=kind, name=kind)
    if secret:
        actions.update_integration(
            actor=world.actor("ada"), integration_id=world.integration.pk, secret=secret
        )
    return world


def signed(
    world: World, kind: str, name: str, secret: str, header: str, before: bytes = b"", **more: str
) -> Reply:
    body = json.dumps(payload(name), indent=1).encode()
    mark = hmac.new(secret.encode(), before + body, hashlib.sha256).hexdigest()
    headers: dict[str, Any] = {header: mark, **more}
    return handle(request(f"/api/v1/intake/{kind}/{world.key}/", body, **headers))


def test_sentry_signed(drain: Drain) -> None:
    world = made("sentry", SECRET)
    for name, resource in (("sentry/open", "event_alert"), ("sentry/resolve", "issue")):
        header: dict[str, Any] = {"sentry_hook_resource": resource}
        assert signed(world, "sentry", name, SECRET, "sentry_hook_signature", **header).status == 202
        drain()
    assert list(Alert.objects.values_list("title", "status")) == [
        ("TypeError: cart is undefined", "resolved")
    ]
    assert items("raw")[0] == (payload("sentry/open"),)
    assert "secret" not in json.dumps(items("parsed"))


@pytest.mark.parametrize("how", ["forged", "unsigned", "other path"])
def test_what_is_not_signed_with_the_secret_never_becomes_an_alert(how: str, drain: Drain) -> None:
    world = made("sentry", SECRET)
    if how == "forged":
        signed(world, "sentry", "sentry/open", "wrong", "sentry_hook_signature")
        why = "The signature does not match the secret."
    else:
        body, kind = (payload("sentry/open"), "sentry") if how == "unsigned" else ({"title": "x"}, "generic")
        native(world.key, body, kind)
        why = "It is not signed, and this integration has a secret"
    drain()
    assert items("status", "outcome") == [("unread", why)]
    # Read again it is still not signed; without the secret it counts.
    ada = world.actor("ada")
    actions.replay(actor=ada, integration_id=world.integration.pk)
    drain()
    assert not Alert.objects.exists()
    actions.update_integration(actor=ada, integration_id=world.integration.pk, secret="")
    actions.replay(actor=ada, integration_id=world.integration.pk)
    drain()
    assert Alert.objects.count() == 1


def test_without_a_secret_a_signature_does_not_matter(drain: Drain) -> None:
    world = made("sentry")
    signed(world, "sentry", "sentry/open", "anything", "sentry_hook_signature")
    drain()
    assert Alert.objects.get().status == "firing"


@pytest.mark.parametrize("stamp", ["", "1795143600"])
def test_grafana_signed_with_and_without_a_time(stamp: str, drain: Drain) -> None:
    world = made("grafana", SECRET)
    more = {"x_grafana_alerting_timestamp": stamp} if stamp else {}
    before = f"{stamp}:".encode() if stamp else b""
    header = "x_grafana_alerting_signature"
    signed(world, "grafana", "grafana_firing", SECRET, header, before, **more)
    signed(world, "grafana", "grafana_firing", SECRET, header, b"9:", **more)
    drain()
    assert [status for (status,) in items("status")] == ["done", "unread"]


def test_a_test_by_hand_needs_no_signature(drain: Drain) -> None:
    world = made("sentry", SECRET)
    actions.send_test(actor=world.actor("ada"), integration_id=world.integration.pk)
    drain()
    assert Alert.objects.get().labels == {"test": "yes"}


def test_a_secret_is_only_for_sources_that_sign_and_never_given_back() -> None:
    world = made("zabbix")
    with pytest.raises(InvalidInput):
        actions.update_integration(actor=world.actor("ada"), integration_id=world.integration.pk, secret="x")
    other, _key = make_integration(world.service, kind="grafana", name="Signed")
    actions.update_integration(actor=world.actor("ada"), integration_id=other.pk, secret=SECRET)
    other.refresh_from_db()
    assert other.secret_sealed and SECRET not in other.secret_sealed


# Amazon SNS


@pytest.fixture(scope="module")
def pair() -> tuple[rsa.RSAPrivateKey, bytes]:
    """A private key and its certificate, as SNS would have them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(start + dt.timedelta(days=3650))
    return key, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def visited(pair: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Addresses that were fetched; the certificate is at its own."""
    seen: list[str] = []

    def call(_method: str, url: str, **_options: Any) -> Answer:
        seen.append(url)
        return Answer("sns", 200, {}, pair[1] if url == CERTIFICATE else b"<ok/>")

    monkeypatch.setattr(sns, "call", call)
    sns._certificates.clear()
    yield seen
    sns._certificates.clear()


def envelope(pair: Any, message: Any, version: str = "2", **changes: str) -> dict[str, str]:
    body = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Subject": "ALARM: checkout-5xx",
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-11-20T02:58:12.000Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE,
        "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe",
    } | changes
    names = sns._SIGNED["Notification" if body["Type"] == "Notification" else "SubscriptionConfirmation"]
    text = "".join(f"{name}\n{body[name]}\n" for name in names if name in body)
    made = hashes.SHA1() if version == "1" else hashes.SHA256()
    body["Signature"] = base64.b64encode(pair[0].sign(text.encode(), padding.PKCS1v15(), made)).decode()
    return body


def post(world: World, body: Any) -> Reply:
    raw = json.dumps(body).encode()
    path = f"/api/v1/intake/cloudwatch/{world.key}/"
    return handle(
        request(path, raw, content_type="text/plain; charset=UTF-8", x_amz_sns_message_type="Notification")
    )


def subscription(pair: Any, **changes: str) -> dict[str, str]:
    extra = {"Type": "SubscriptionConfirmation", "Token": "y", "SubscribeURL": SUBSCRIBE} | changes
    return envelope(pair, "You have chosen to subscribe", **extra)


@pytest.mark.parametrize("version", ["1", "2"])
def test_cloudwatch_opens_repeats_and_resolves(
    version: str, pair: Any, visited: list[str], drain: Drain
) -> None:
    world = made("cloudwatch")
    for name in ("open", "repeat"):
        assert post(world, envelope(pair, payload(f"cloudwatch/{name}"), version)).status == 202
        drain()
    alert = Alert.objects.get()
    arn = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:checkout-5xx"
    assert (alert.title, alert.dedup_key, alert.urgency, alert.count) == ("checkout-5xx", arn, "high", 2)
    assert alert.labels["LoadBalancer"] == "app/checkout/50dc6c495c0c9188"
    assert alert.labels["metric"] == "HTTPCode_Target_5XX_Count"
    assert alert.links[0]["href"].startswith("https://eu-central-1.console.aws.amazon.com/cloudwatch/")
    post(world, envelope(pair, payload("cloudwatch/resolve"), version))
    drain()
    assert Alert.objects.get().status == "resolved"
    # One certificate for all of them.
    assert visited == [CERTIFICATE]


def test_too_little_data_and_composite_alarms(pair: Any, visited: list[str], drain: Drain) -> None:
    world = made("cloudwatch")
    for name in ("no_data", "composite"):
        post(world, envelope(pair, payload(f"cloudwatch/{name}")))
    drain()
    assert list(Alert.objects.order_by("pk").values_list("title", "urgency")) == [
        ("queue-age", "low"),
        ("checkout-is-broken", "high"),
    ]


def test_a_malformed_alarm_is_refused_and_kept(pair: Any, visited: list[str], drain: Drain) -> None:
    world = made("cloudwatch")
    assert post(world, envelope(pair, payload("cloudwatch/malformed"))).status == 400
    drain()
    assert items("status", "outcome") == [
        ("unread", "NewStateValue: Must be ALARM, OK or INSUFFICIENT_DATA.")
    ]


FORGED: list[tuple[dict[str, str], int]] = [
    ({"Message": "{}"}, 403),
    ({"Signature": "AAAA"}, 403),
    ({"Signature": "not base64!"}, 403),
    ({"SignatureVersion": "3"}, 403),
    ({"Signature": ""}, 400),
    ({"TopicArn": "x"}, 400),
    ({"Type": "Other"}, 400),
    ({"SigningCertURL": "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem"}, 403),
    (
        {
            "SigningCertURL": "https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-0.pem"
        },
        403,
    ),
    ({"SigningCertURL": "https://evil.example/SimpleNotificationService-0.pem"}, 403),
    (
        {
            "SigningCertURL": "https://sns.eu-central-1.amazonaws.com@evil.example/SimpleNotificationService-0.pem"
        },
        403,
    ),
    ({"SigningCertURL": "https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-0.pem"}, 403),
    ({"SigningCertURL": "https://sns.eu-central-1.amazonaws.com/other.pem"}, 403),
    ({"SigningCertURL": "https://[::1"}, 403),
    ({"SigningCertURL": "https://s3.amazonaws.com/SimpleNotificationService-0.pem"}, 403),
]


@pytest.mark.parametrize(("change", "status"), FORGED)
def test_forged_messages_are_refused(
    change: dict[str, str], status: int, pair: Any, visited: list[str]
) -> None:
    world = made("cloudwatch")
    body = envelope(pair, payload("cloudwatch/open")) | change
    assert post(world, body).status == status
    assert not IntakeItem.objects.exists()
    assert set(visited) <= {CERTIFICATE}


def test_when_the_certificate_cannot_be_fetched_sns_tries_again(
    pair: Any, visited: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_args: Any, **_options: Any) -> Answer:
        visited.append("tried")
        raise TransportError("no route")

    monkeypatch.setattr(sns, "call", unreachable)
    world = made("cloudwatch")
    for _again in range(2):
        reply = post(world, envelope(pair, payload("cloudwatch/open")))
        assert (reply.status, reply.headers) == (503, {"Retry-After": "30"})
    assert visited == ["tried"]


def test_raw_delivery_only_where_it_is_allowed(visited: list[str], drain: Drain) -> None:
    world = made("cloudwatch")
    assert post(world, payload("cloudwatch/open")).status == 403
    pk = world.integration.pk
    actions.update_integration(actor=world.actor("ada"), integration_id=pk, settings={"raw_delivery": True})
    assert post(world, payload("cloudwatch/open")).status == 202
    drain()
    assert Alert.objects.count() == 1
    assert visited == []


def test_a_subscription_waits_until_a_manager_confirms_it(pair: Any, visited: list[str]) -> None:
    world = made("cloudwatch")
    assert post(world, subscription(pair)).status == 202
    assert SUBSCRIBE not in visited
    pk = world.integration.pk
    with pytest.raises(NotAllowed):
        actions.confirm_subscription(actor=world.actor("bo"), integration_id=pk, topic=TOPIC)
    with pytest.raises(NotVisible):
        actions.confirm_subscription(actor=world.actor("ada"), integration_id=pk, topic=TOPIC + "x")
    row = actions.confirm_subscription(actor=world.actor("ada"), integration_id=pk, topic=TOPIC)
    assert visited[-1] == SUBSCRIBE
    assert row.settings == {"subscriptions": []}


def test_a_topic_of_the_settings_is_confirmed_at_once_and_no_other_may_post(
    pair: Any, visited: list[str]
) -> None:
    world = made("cloudwatch")
    pk = world.integration.pk
    actions.update_integration(actor=world.actor("ada"), integration_id=pk, settings={"topics": [TOPIC]})
    assert post(world, subscription(pair)).status == 200
    assert visited == [CERTIFICATE, SUBSCRIBE]
    other = envelope(pair, payload("cloudwatch/open"), TopicArn=TOPIC.replace("oncall", "other"))
    assert post(world, other).status == 403
    for wrong in ({"topics": ["x"]}, {"topics": "x"}, {"raw_delivery": 1}, {"x": 1}):
        with pytest.raises(InvalidInput):
            actions.update_integration(actor=world.actor("ada"), integration_id=pk, settings=wrong)


def test_a_subscription_to_an_address_elsewhere_is_refused(pair: Any, visited: list[str]) -> None:
    world = made("cloudwatch")
    assert post(world, subscription(pair, SubscribeURL="https://10.0.0.1/confirm")).status == 403
    world.integration.refresh_from_db()
    assert world.integration.settings == {}
    assert sns.confirm("https://10.0.0.1/confirm") == "It is not an address of SNS."


def test_an_unknown_key_fetches_nothing(pair: Any, visited: list[str]) -> None:
    world = made("cloudwatch")
    world.key = "0" * 32
    assert post(world, envelope(pair, payload("cloudwatch/open"))).status == 404
    assert visited == []
