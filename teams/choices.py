from django.db import models
from django.utils.translation import gettext_lazy as _


class TeamVisibility(models.TextChoices):
    ORGANISATION = "organisation", _("Everybody in the organisation")
    MEMBERS = "members", _("Members only")


class TeamRole(models.TextChoices):
    MANAGER = "manager", _("Manager")
    RESPONDER = "responder", _("Responder")
    OBSERVER = "observer", _("Observer")


class Scope(models.TextChoices):
    READ = "read", _("Read")
    RESPOND = "respond", _("Respond")
    MANAGE = "manage", _("Manage")


class Theme(models.TextChoices):
    SYSTEM = "system", _("Follow the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")
