"""The demo without its company: empties the whole product for a first visit, and the way back."""

from __future__ import annotations

import time

from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection, transaction

from core import clock, shipped
from teams.actions._locks import lock
from teams.models import User
from web.demo import catalog, checks, duty, loader, monitoring, objectives, postmortems, statuspages  # noqa: F401 - these register their data
from web.models import EmptyStart

# Written by migrations and by the scheduler, and nobody's data.
_KEPT_APPS = {"contenttypes", "django_celery_beat"}
_KEPT_TABLES = {"auth_permission", "django_migrations"}
_ATTEMPTS = 5
_LOCK_WAIT = "2s"


def start_empty() -> None:
    """Remove everything anybody entered and remember the choice; leaves a code for the first account."""
    _remove_all(chosen=True)
    settings.ENV.make_setup_code()


def chosen() -> bool:
    """Whether somebody wanted the demo without its company."""
    return EmptyStart.objects.exists()


def code() -> str:
    """The one-time code of the first visit, or "" when there is none."""
    try:
        return str(settings.ENV.setup_code_path.read_text(encoding="utf-8")).strip()
    except FileNotFoundError:
        return ""


def ensure_code() -> None:
    """After a restart the first visit still needs a code, unless somebody has made an account."""
    if not User.objects.exists() and not code():
        settings.ENV.make_setup_code()


def load_company() -> None:
    """Back to the demo company; whatever was entered meanwhile goes.

    When loading fails the product stays empty, and the next start loads the company.
    """
    _remove_all(chosen=False)
    settings.ENV.setup_code_path.unlink(missing_ok=True)
    with transaction.atomic():
        # The lock of the first visit: nobody makes the first account while the company comes.
        lock("teams.setup")
        if loader.is_empty():
            loader.load()


def _remove_all(*, chosen: bool) -> None:
    """Workers go on meanwhile: a lock they hold for long is not waited for in the way of others, but
    asked for again."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
                cursor.execute(_statement())
                shipped.fill(apps)
                if chosen:
                    EmptyStart.objects.create(chosen_at=clock.now())
            return
        except OperationalError:
            if attempt == _ATTEMPTS:
                raise
            time.sleep(0.2 * attempt)


def _statement() -> str:
    """One TRUNCATE over every table of every installed app but those kept."""
    tables = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and model._meta.app_label not in _KEPT_APPS
    }
    names = ", ".join(connection.ops.quote_name(name) for name in sorted(tables - _KEPT_TABLES))
    return f"TRUNCATE {names} RESTART IDENTITY CASCADE"
