"""The catalog in Django admin: for inspection, repair and bulk work. Saves go through the actions."""

from services.admin import catalog, structure

__all__ = ["catalog", "structure"]
