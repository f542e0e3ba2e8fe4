"""Entries of this room on the settings pages, and its panels on the pages of lower rooms."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core import panels
from teams import settings_nav


def register() -> None:
    """Called from `AppConfig.ready()`."""
    settings_nav.register(
        "me",
        _("Following"),
        "/settings/following/",
        "bell",
        text=_("Incidents, services and teams whose updates you get."),
    )
    settings_nav.register(
        "team",
        _("Stakeholders"),
        "/settings/stakeholders/",
        "users",
        "manager",
        _("Who hears of incidents without working on them."),
    )
    settings_nav.register(
        "team",
        _("Update templates"),
        "/settings/update-templates/",
        "file-text",
        "manager",
        _("Texts for each audience, ready before they are needed."),
    )
    settings_nav.register(
        "team",
        _("Customers"),
        "/settings/customers/",
        "building-2",
        "manager",
        _("People at customers who may be written to about their services."),
    )
    settings_nav.register(
        "team",
        _("Issue trackers"),
        "/settings/trackers/",
        "link",
        "manager",
        _("Repositories where action items become issues."),
    )
    _register_plans()
    _register_panels()


def _register_plans() -> None:
    """Roles, playbooks, runbooks, and how incidents are set up."""
    settings_nav.register(
        "organisation",
        _("Roles"),
        "/settings/roles/",
        "users",
        "admin",
        _("Who does what in an incident: role cards, starter tasks, who fills them."),
    )
    settings_nav.register(
        "team",
        _("Playbooks"),
        "/playbooks/",
        "list-checks",
        text=_("Plans that are ready before they are needed."),
    )
    settings_nav.register(
        "team",
        _("Runbooks"),
        "/runbooks/",
        "book-open",
        text=_("What to do about a known kind of trouble, step by step."),
    )
    settings_nav.register(
        "organisation",
        _("Incidents"),
        "/settings/incidents/",
        "siren",
        "admin",
        _("Severities and their windows, types, what is asked, the priority matrix."),
    )


def _register_panels() -> None:
    """The Follow button on pages of services and teams, and the runbooks of a service."""
    panels.register(
        "service",
        "follow",
        title=_("Follow"),
        url=lambda service_id, slug: f"/follow/panel/service/{service_id}/",
        icon="bell",
    )
    panels.register(
        "service",
        "runbooks",
        title=_("Runbooks"),
        url=lambda service_id, slug: f"/runbooks/panel/service/{service_id}/",
        icon="book-open",
    )
    panels.register(
        "team", "follow", title=_("Follow"), url=lambda team_id: f"/follow/panel/team/{team_id}/", icon="bell"
    )
