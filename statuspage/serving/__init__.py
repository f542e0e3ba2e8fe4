"""Serves public pages from memory: no cookie, no session, no database query in a request.

A thread of each web process reads new versions and mirrors them to `WATCHBILL_DATA/status/`; while the
database is away the last ones go on being served. Pages that are not for everybody, and what takes something in,
go on to Django.
"""

from statuspage.serving.mounts import DOMAIN_KEY, StatusASGI, StatusWSGI
from statuspage.serving.store import Store, store

__all__ = ["DOMAIN_KEY", "StatusASGI", "StatusWSGI", "Store", "store"]
