"""Input of the catalog's pages; no writes."""

from services.forms.rows import Rows, stored, typed
from services.forms.service import ServiceForm, service_initial

__all__ = ["Rows", "ServiceForm", "service_initial", "stored", "typed"]
