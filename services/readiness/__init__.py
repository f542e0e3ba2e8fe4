"""Whether a service can be run at 3 am by somebody who did not build it."""

from services.readiness.reading import Readiness, of_services
from services.readiness.rota import STALE_AFTER, Access

__all__ = ["STALE_AFTER", "Access", "Readiness", "of_services"]
