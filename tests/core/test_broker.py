"""What the workers speak with the broker by."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import uuid

import pytest
import redis
from kombu import Connection, Queue

from config.celery import app


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_encryption_is_what_the_address_says(scheme: str) -> None:
    connection = app.connection_for_read(f"{scheme}://broker.example:6379/0")
    assert type(connection.transport).__module__ == "config.broker"
    assert bool(connection.ssl) is (scheme == "rediss")


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("rediss://h:1/0", {"ssl_cert_reqs": ssl.CERT_REQUIRED}),
        ("rediss://h:1/0?ssl_cert_reqs=none", {"ssl_cert_reqs": ssl.CERT_NONE}),
        ("rediss://h:1/0?ssl_ca_certs=/etc/own.pem", {"ssl_ca_certs": "/etc/own.pem"}),
        ("redis://h:1/0", False),
    ],
)
def test_the_certificate_is_looked_at_unless_the_address_says_otherwise(address: str, wanted: object) -> None:
    environ = os.environ | {"REDIS_URL": address}
    told = "from config.celery import app; print(dict(app.connection_for_read().ssl or {}))"
    ran = subprocess.run(
        [sys.executable, "-c", told], env=environ, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == str(wanted or {})


def test_an_acknowledge_by_a_lost_connection_is_a_connection_error() -> None:
    """Celery ends a worker that acknowledges and gets another error."""
    with Connection(os.environ["REDIS_URL"]) as connection:
        queue = Queue(f"test-{uuid.uuid4()}")(connection.default_channel)
        queue.declare()
        connection.Producer().publish({}, routing_key=queue.name)
        message = queue.get()
        assert message is not None
        errors = connection.connection_errors
        # A broker that is away takes nothing back.
        connection.default_channel.do_restore = False
        connection.collect(socket_timeout=1)
    with pytest.raises(redis.ConnectionError) as caught:
        message.ack()
    assert isinstance(caught.value, errors)
