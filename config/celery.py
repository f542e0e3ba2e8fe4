"""The Celery application. Redis only wakes work up; nothing is lost when it is flushed."""

from __future__ import annotations

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import beat_init, task_postrun, task_prerun, worker_init
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# By the address's scheme, as Kombu finds its own: a transport named otherwise would lose the encryption of rediss.
TRANSPORT_ALIASES.update(redis="config.broker:Transport", rediss="config.broker:Transport")

app = Celery("watchbill")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_acks_late=False,
    task_default_queue="bulk",
    task_create_missing_queues=True,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": 60, "health_check_interval": 10},
    beat_max_loop_interval=1,
    timezone="UTC",
)
# Celery would close the connection around every task; `_check_connections` does so only where it must.
app.conf["CELERY_DB_REUSE_MAX"] = sys.maxsize
app.autodiscover_tasks()


@beat_init.connect
@worker_init.connect
def _keep_connections(**_signal: Any) -> None:
    """A task, or a look at the schedule, takes milliseconds; a new connection for each would take longer."""
    from django.db import connection

    connection.settings_dict |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}


@task_prerun.connect
@task_postrun.connect
def _check_connections(sender: Any, **_signal: Any) -> None:
    """A connection that broke is found out before the next task uses it, and replaced."""
    from django.db import close_old_connections

    if not sender.request.is_eager:
        close_old_connections()
