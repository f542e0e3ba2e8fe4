"""Sources that are read with a mapping of their own folder, by the same engine as people's own mappings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from alerts.sources.base import Event, Headers, Parser


def mapping_of(folder: str) -> dict[str, Any]:
    """The mapping shipped in the folder of a source."""
    text = (Path(__file__).parent / folder / "mapping.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def parser_of(shipped: dict[str, Any]) -> Parser:
    """A parser that reads with this mapping."""

    def parse(payload: Any, _headers: Headers | None = None) -> list[Event]:
        # The engine builds on this package.
        from alerts import mapping

        return mapping.read(shipped, payload)

    return parse
