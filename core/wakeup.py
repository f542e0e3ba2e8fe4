"""Waking workers: fire and forget, coalesced, never raising.

A wake-up only makes work immediate; the periodic sweeps make it certain. So a broker that is down
costs at most one 100 ms attempt a second and loses nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import redis
import structlog
from celery import Celery
from django.conf import settings
from django.db import transaction
from prometheus_client import Counter

log = structlog.get_logger("watchbill.wakeup")
FAILED = Counter("watchbill_wakeups_failed_total", "Wake-ups that could not be sent", ["name"])

# A flag outlives a lost wake-up by at most this long; the sweep runs every second anyway.
_FLAG_SECONDS = 1
_PAUSE_SECONDS = 1.0
_QUEUES = {
    "oncall.tick": "engine",
    "notifications.send_due": "deliver",
    "alerts.process_intake": "intake",
    "alerts.place_due": "intake",
    "core.relay": "events",
    "statuspage.fan_out": "bulk",
    "statuspage.send": "bulk",
    "postmortems.sync_tickets": "bulk",
}


class _Sender:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._redis: redis.Redis | None = None
        self._celery: Celery | None = None
        self._paused_until = 0.0
        self._url = ""

    def _connect(self) -> tuple[redis.Redis, Celery]:
        with self._lock:
            if self._redis is None or self._celery is None or self._url != settings.CELERY_BROKER_URL:
                self._url = settings.CELERY_BROKER_URL
                self._redis = redis.Redis.from_url(
                    settings.CELERY_BROKER_URL,
                    socket_timeout=0.1,
                    socket_connect_timeout=0.1,
                    max_connections=64,
                )
                self._celery = Celery("wakeups", broker=settings.CELERY_BROKER_URL, set_as_current=False)
                self._celery.conf.update(
                    task_publish_retry=False,
                    task_ignore_result=True,
                    broker_use_ssl=settings.CELERY_BROKER_USE_SSL,
                    broker_transport_options={
                        "socket_timeout": 0.1,
                        "socket_connect_timeout": 0.1,
                        "max_retries": 0,
                    },
                )
            return self._redis, self._celery

    def send(self, name: str, *, force: bool = False) -> None:
        if time.monotonic() < self._paused_until:
            FAILED.labels(name).inc()
            return
        try:
            client, app = self._connect()
            if force or client.set(_flag(name), 1, nx=True, ex=_FLAG_SECONDS):
                app.send_task(name, queue=_QUEUES[name], expires=10, retry=False)
        except (redis.RedisError, OSError, app_errors()) as error:
            self._paused_until = time.monotonic() + _PAUSE_SECONDS
            FAILED.labels(name).inc()
            log.warning("wake-up not sent", wakeup=name, error=str(error))

    def clear(self, name: str) -> None:
        try:
            self._connect()[0].delete(_flag(name))
        except (redis.RedisError, OSError):
            pass

    def publish(self, channel: str, message: bytes) -> None:
        if time.monotonic() < self._paused_until:
            return
        try:
            self._connect()[0].publish(channel, message)
        except (redis.RedisError, OSError) as error:
            self._paused_until = time.monotonic() + _PAUSE_SECONDS
            log.warning("live message not sent", error=str(error))


def app_errors() -> Any:
    from kombu.exceptions import OperationalError

    return OperationalError


def _flag(name: str) -> str:
    return f"wb:wake:{name}"


_sender = _Sender()
# What `answered_here` keeps back: task name → whether somebody has asked for it.
_here: ContextVar[dict[str, bool] | None] = ContextVar("answered_here", default=None)


def wake(name: str) -> None:
    """After the present transaction commits, wake the workers of task `name`; once per transaction."""
    if not settings.WAKEUPS:
        return
    connection = transaction.get_connection()
    pending: Iterable[Any] = connection.run_on_commit if connection.in_atomic_block else ()
    if any(getattr(entry[1], "wakeup", None) == name for entry in pending):
        return

    def send() -> None:
        here = _here.get()
        if here is not None and name in here:
            here[name] = True
        else:
            _sender.send(name)

    send.wakeup = name  # type: ignore[attr-defined]
    transaction.on_commit(send, robust=True)


@contextmanager
def answered_here(*names: str) -> Iterator[Callable[[str], bool]]:
    """For a worker that does what it wakes others for by itself, at once: saves the way through the broker.

    Inside, wake-ups of these tasks are kept back. Yields a function that says whether there was one of a name, and
    forgets it; one that nobody has asked about is sent at the end, whatever happened.
    """
    here = dict.fromkeys(names, False)
    token = _here.set(here)

    def asked(name: str) -> bool:
        found, here[name] = here[name], False
        return found

    try:
        yield asked
    finally:
        _here.reset(token)
        for name in names:
            if here[name]:
                _sender.send(name)


def wake_another(name: str) -> None:
    """From a worker that has found more work than it can do alone: wake one more at once."""
    if settings.WAKEUPS:
        _sender.send(name, force=True)


def woken(name: str) -> None:
    """A worker says it has started: wake-ups after this moment are sent again."""
    if settings.WAKEUPS:
        _sender.clear(name)


def broadcast(channel: str, message: bytes) -> None:
    """Publish to all web processes; lost when Redis is away (they read the gap from the database)."""
    if settings.WAKEUPS:
        _sender.publish(channel, message)
