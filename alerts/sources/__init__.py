"""One folder a source: `SOURCE` says how its requests are read, `setup` how it is connected.

A source turns a sender's body into `Event`s; it never touches the database. A new folder with a `SOURCE` is offered
at once; its kind must be one of `alerts.choices.SourceKind`.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from alerts.choices import INTERNAL_KINDS, SourceKind
from alerts.sources.base import Event, Ignored, Parsed, Parser, PayloadError, Source


def _found() -> dict[str, Source]:
    modules = [
        import_module(f"{__name__}.{entry.name}") for entry in pkgutil.iter_modules(__path__) if entry.ispkg
    ]
    found = {module.SOURCE.kind: module.SOURCE for module in modules if hasattr(module, "SOURCE")}
    return {kind: found[kind] for kind in SourceKind.values if kind in found}


SOURCES: dict[str, Source] = _found()
PARSERS: dict[str, Parser] = {
    kind: source.parse for kind, source in SOURCES.items() if source.parse is not None
}

OFFERED: dict[str, Source] = {kind: source for kind, source in SOURCES.items() if kind not in INTERNAL_KINDS}

__all__ = ["OFFERED", "PARSERS", "SOURCES", "Event", "Ignored", "Parsed", "PayloadError", "Source"]
