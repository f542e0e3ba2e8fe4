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


class EdgeKind(models.TextChoices):
    HARD = "hard", _("Hard: fails with it")
    SOFT = "soft", _("Soft: degrades")


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
