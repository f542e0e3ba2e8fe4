from services.models.change import ChangeEvent
from services.models.dependency import Dependency
from services.models.service import Service, ServiceLink

__all__ = ["ChangeEvent", "Dependency", "Service", "ServiceLink"]
