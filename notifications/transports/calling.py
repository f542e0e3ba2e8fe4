"""Calls a transport within its time, and not at all while its provider is known to be down."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings

from notifications.transports.base import Outgoing, Receipt, Transport, TransportError
from notifications.transports.breaker import breaker

T = TypeVar("T")

CALL_LIMIT = 5.0


def call_limit() -> float:
    """Seconds one call of a provider may take."""
    return float(getattr(settings, "PROVIDER_TIMEOUT", CALL_LIMIT))


def call(transport: Transport, outgoing: Outgoing) -> Receipt:
    """Send by this transport; raises `TransportError` and nothing else for what a provider may do."""
    limit = call_limit()
    if not transport.remote():
        return transport.send(outgoing, limit=limit)
    host = transport.provider(outgoing)
    wait = breaker.wait(host)
    if wait:
        raise TransportError(
            f"{host} has not been answering; the next try is in {math.ceil(wait)} s.",
            retry_after=wait,
            unavailable=True,
        )
    try:
        receipt = within(limit, lambda: transport.send(outgoing, limit=limit))
    except TransportError as error:
        if error.permanent:
            breaker.succeeded(host)
        else:
            breaker.failed(host)
        raise
    breaker.succeeded(host)
    return receipt


def within(limit: float, function: Callable[[], T]) -> T:
    """Run `function` in a thread of its own; `TransportError` when it takes longer than `limit` seconds.

    A call that was given up ends by its own socket timeouts; what it returns then is dropped.
    """
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:  # noqa: BLE001 - carried to the waiting thread
            failures.append(error)

    thread = threading.Thread(target=run, name="transport", daemon=True)
    thread.start()
    thread.join(limit)
    if failures:
        raise failures[0]
    if not results:
        raise TransportError(f"No answer within {limit:g} s.")
    return results[0]
