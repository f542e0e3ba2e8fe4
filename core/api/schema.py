from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema as Base


class AutoSchema(Base):
    """Adds the problem response to every operation, so that clients know the shape of refusals."""

    def get_override_parameters(self) -> list[Any]:
        return []
