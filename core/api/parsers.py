from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from core.strict_json import BadJSON, loads


class StrictJSONParser(BaseParser):
    """JSON with bounded depth, no NaN, and strings Postgres can store."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return loads(stream.read())
        except BadJSON as error:
            raise ParseError(str(error)) from None
