"""Makes what the public is served: every file of a page, in one go, at publish.

`load` reads the page, `site` says which files it has and what each is made from, `publish` writes the next
version and keeps the bytes of what has not changed.
"""

from statuspage.building.load import Loaded, load, public_base
from statuspage.building.publish import publish, publish_due

__all__ = ["Loaded", "load", "public_base", "publish", "publish_due"]
