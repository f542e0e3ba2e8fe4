from services.models.access import AccessConfirmation, AccessItem
from services.models.change import ChangeEvent
from services.models.dependency import DanglingReference, Dependency, GraphChange
from services.models.ownership import OwnershipTransfer, ServiceContact
from services.models.service import Service, ServiceLink
from services.models.structure import Domain, Environment, ServiceEnvironment, ServiceField, System
from services.models.vendor import Agreement, Vendor

__all__ = [
    "AccessConfirmation",
    "AccessItem",
    "Agreement",
    "ChangeEvent",
    "DanglingReference",
    "Dependency",
    "Domain",
    "Environment",
    "GraphChange",
    "OwnershipTransfer",
    "Service",
    "ServiceContact",
    "ServiceEnvironment",
    "ServiceField",
    "ServiceLink",
    "System",
    "Vendor",
]
