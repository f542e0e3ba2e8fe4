"""Status pages in Django admin: for inspection; what changes them goes through actions."""

from statuspage.admin import pages, subscribers

__all__ = ["pages", "subscribers"]
