"""Logging: one readable line per event in development, JSON elsewhere; secrets never pass."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_KEYS = re.compile(r"(password|secret|token|authorization|routing_key|api_?key|cookie)", re.I)
_SECRET_PATHS = re.compile(
    r"(/intake/[a-z0-9_]+/)[^/\s\"]+|(/(?:a|confirm|unsubscribe|manage)/)[^/\s\"]+"
    r"|([?&](?:token|key|address)=)[^&\s\"]+|(GenieKey )\S+|(Bearer )\S+"
)


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: blanks values of secret-looking keys and secrets inside paths."""
    for key, value in event.items():
        if _SECRET_KEYS.search(key):
            event[key] = "[redacted]"
        elif isinstance(value, str):
            event[key] = redact_text(value)
    return event


def redact_text(text: str) -> str:
    """Blank integration keys and tokens inside `text` (paths, query strings, header values)."""
    return _SECRET_PATHS.sub(lambda m: next(g for g in m.groups() if g) + "[redacted]", text)


_shared: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def logging_config(*, debug: bool) -> dict[str, Any]:
    """Return a `logging.config` dictionary; also configures structlog itself."""
    structlog.configure(
        processors=[*_shared, redact, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=False) if debug else structlog.processors.JSONRenderer()
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "main": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*_shared, structlog.stdlib.PositionalArgumentsFormatter()],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    redact,
                    renderer,
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "main"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            "watchbill": {"level": "INFO"},
            "celery": {"level": "WARNING"},
            "django_structlog": {"level": "WARNING"},
            "uvicorn.access": {"level": "WARNING"},
        },
    }
