from django.db import models
from django.utils.translation import gettext_lazy as _


class Tier(models.IntegerChoices):
    CRITICAL = 1, _("Tier 1 · critical")
    IMPORTANT = 2, _("Tier 2 · important")
    STANDARD = 3, _("Tier 3 · standard")
    MINOR = 4, _("Tier 4 · minor")


class Lifecycle(models.TextChoices):
    EXPERIMENTAL = "experimental", _("Experimental")
    PRODUCTION = "production", _("Production")
    DEPRECATED = "deprecated", _("Deprecated")


class ServiceKind(models.TextChoices):
    """What an entry of the catalog is. The words of Backstage's Component, Resource and API types map to these."""

    JOURNEY = "journey", _("Customer journey")
    WEBSITE = "website", _("Website or app")
    SERVICE = "service", _("Service")
    API = "api", _("API")
    JOB = "job", _("Job")
    LIBRARY = "library", _("Library")
    DATABASE = "database", _("Database")
    CACHE = "cache", _("Cache")
    QUEUE = "queue", _("Queue")
    STORAGE = "storage", _("Storage")
    RESOURCE = "resource", _("Other resource")
    VENDOR = "vendor", _("Vendor")


class Layer(models.IntegerChoices):
    """Where an entry stands on the map, from the customer on the left to others' products on the right."""

    JOURNEYS = 0, _("Customer journeys")
    SERVICES = 1, _("Services")
    DATA = 2, _("Data")
    VENDORS = 3, _("Vendors")


_LAYERS = {
    ServiceKind.JOURNEY: Layer.JOURNEYS,
    ServiceKind.DATABASE: Layer.DATA,
    ServiceKind.CACHE: Layer.DATA,
    ServiceKind.QUEUE: Layer.DATA,
    ServiceKind.STORAGE: Layer.DATA,
    ServiceKind.RESOURCE: Layer.DATA,
    ServiceKind.VENDOR: Layer.VENDORS,
}


def layer_of(kind: str) -> Layer:
    """The layer of a kind; services for what is not named."""
    return _LAYERS.get(ServiceKind(kind), Layer.SERVICES)


class EdgeKind(models.TextChoices):
    HARD = "hard", _("Hard: fails with it")
    SOFT = "soft", _("Soft: degrades")


class ReferenceKind(models.TextChoices):
    """What a reference that leads nowhere yet would have been."""

    NEEDS = "needs", _("Needs")
    NEEDED_BY = "needed_by", _("Needed by")
    SYSTEM = "system", _("Part of system")
    OWNER = "owner", _("Owned by")


class LinkKind(models.TextChoices):
    RUNBOOK = "runbook", _("Runbook")
    DASHBOARD = "dashboard", _("Dashboard")
    LOGS = "logs", _("Logs")
    REPOSITORY = "repository", _("Repository")
    CHAT = "chat", _("Chat channel")
    OTHER = "other", _("Link")


class ChangeKind(models.TextChoices):
    DEPLOY = "deploy", _("Deploy")
    CODE = "code", _("Code or build")
    CONFIG = "config", _("Configuration")
    INFRASTRUCTURE = "infrastructure", _("Infrastructure")
    FLAG = "flag", _("Feature flag")
    VENDOR = "vendor", _("Vendor")


class FieldKind(models.TextChoices):
    """What a custom field of the catalog takes."""

    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    BOOLEAN = "boolean", _("Yes or no")
    DATE = "date", _("Date")
    URL = "url", _("Address")
    CHOICE = "choice", _("One of a list")


class TransferStatus(models.TextChoices):
    WAITING = "waiting", _("Waits for an answer")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Period(models.TextChoices):
    """Over which calendar period an agreement is judged."""

    MONTH = "month", _("Calendar month")
    QUARTER = "quarter", _("Calendar quarter")
    YEAR = "year", _("Calendar year")


class VendorIndicator(models.TextChoices):
    """The indicator of a Statuspage v2 page, as its `status.json` names it; unknown until it was read."""

    UNKNOWN = "unknown", _("Not known")
    NONE = "none", _("All well")
    MINOR = "minor", _("Minor trouble")
    MAJOR = "major", _("Major trouble")
    CRITICAL = "critical", _("Critical trouble")
    MAINTENANCE = "maintenance", _("Maintenance")
