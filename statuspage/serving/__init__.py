"""Serves public pages from memory: no cookie, no session, no database query in a request.

A thread of each web process reads new snapshot versions once a second and mirrors them to
`WATCHBILL_DATA/status/`; while the database is away the last ones go on being served.
"""

from statuspage.serving.mounts import StatusASGI, StatusWSGI
from statuspage.serving.store import Store, store

__all__ = ["StatusASGI", "StatusWSGI", "Store", "store"]
