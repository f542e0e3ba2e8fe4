"""The programs of the product and how each is started."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping

from config.env import ROOT, Env
from config.launcher.process import Command
from config.launcher.supervisor import Child

# The schedule first, so that nothing new begins; the database last, so that everything can be written.
STOP_ORDER = (
    ("beat",),
    ("web",),
    ("engine", "deliver", "work"),
    ("watchdog",),
    ("valkey",),
    ("postgres",),
)

# Celery doubts the users that containers have; nothing here is run as another user than the person's own.
_WARNINGS = ",".join(
    f"ignore:{text}:UserWarning"
    for text in ("You're running the worker with superuser", "An entry for the specified gid or egid")
)


def environment(env: Env) -> dict[str, str]:
    """What every program of the stack gets: this process's environment and the checked settings."""
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", _WARNINGS),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PORT": str(env.port),
        "HOST": env.host,
        "BASE_URL": env.base_url,
        "WATCHBILL_DATA": str(env.data_dir),
        "DATABASE_URL": env.database_url,
        "REDIS_URL": env.redis_url,
        "DEBUG": str(int(env.debug)),
        "DEMO": str(int(env.demo)),
    }


def manage(env: Env, *arguments: str) -> Command:
    """A `manage.py` command."""
    return Command(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        environ=environment(env),
        cwd=ROOT,
    )


def children(env: Env) -> list[Child]:
    """The programs that serve: web, three Celery workers, beat and the watchdog."""
    environ = environment(env)
    return [
        Child("web", _web(env, environ), grace=10),
        _worker(environ, "engine", "engine", "threads", 2),
        _worker(environ, "deliver", "deliver", "threads", 8),
        _worker(
            environ,
            "work",
            "intake,events,bulk,celery",
            "prefork",
            env.celery_concurrency,
        ),
        # Beat writes to the database inside its signal handler and may wait for itself there; what it would
        # save, the next one reads from the tables.
        Child("beat", _celery(environ, "beat", *_BEAT), grace=2, expendable=True),
        Child("watchdog", manage(env, "watchdog"), grace=10),
    ]


_BEAT = (
    "-S",
    "django_celery_beat.schedulers:DatabaseScheduler",
    "--max-interval",
    "1",
    "--pidfile=",
    "-l",
    "WARNING",
)


def _web(env: Env, environ: Mapping[str, str]) -> Command:
    options = [
        *(
            "--host",
            env.host,
            "--port",
            str(env.port),
            "--workers",
            str(env.web_workers),
        ),
        *("--log-level", "warning", "--no-access-log"),
        # Open sockets would hold a stop back for ever; workers that load slowly are not dead.
        *("--timeout-graceful-shutdown", "4", "--timeout-worker-healthcheck", "30"),
    ]
    return Command(
        [sys.executable, "-m", "uvicorn", "config.asgi:application", *options],
        environ=environ,
        cwd=ROOT,
    )


def _worker(environ: Mapping[str, str], name: str, queues: str, pool: str, concurrency: int) -> Child:
    options = [
        *(
            "-Q",
            queues,
            "-P",
            pool,
            "-c",
            str(concurrency),
            "-n",
            f"{name}@%h",
            "-l",
            "WARNING",
        ),
        *("--without-gossip", "--without-mingle"),
    ]
    return Child(name, _celery(environ, "worker", *options), stop_signal=signal.SIGTERM, grace=12)


def _celery(environ: Mapping[str, str], *arguments: str) -> Command:
    start = [
        sys.executable,
        "-m",
        "celery",
        "--quiet",
        "--skip-checks",
        "-A",
        "config.celery",
    ]
    return Command([*start, *arguments], environ=environ, cwd=ROOT)
