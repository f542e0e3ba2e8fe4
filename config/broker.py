"""How the Celery workers speak with the broker: Kombu's Redis transport, which outlives a lost connection."""

from __future__ import annotations

from typing import Any

from kombu.transport import redis as transport
from redis.exceptions import ConnectionError as Lost


class Channel(transport.Channel):
    """A channel whose connection was closed says so by the error that every caller expects."""

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        """What a new connection is made from. Raises redis' `ConnectionError` when there is no broker any more.

        After a lost connection Celery acknowledges and gives back what came by it, through channels that Kombu
        5.7 has closed. Kombu answers that with an `AttributeError`, which ends the worker; as a connection
        error it is logged, and the worker goes on connecting. A broker that returns with its data
        gives the message out anew after `visibility_timeout`, and what it only wakes up for is in the database.
        """
        if self.connection is None or self.connection.client is None:
            raise Lost("The channel's connection to the broker is closed.")
        # Kombu has no types for it.
        parameters: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[no-untyped-call]
        return parameters


class Transport(transport.Transport):
    """What `config.celery` names for addresses of Redis."""

    Channel = Channel
