"""Addresses that the outside uses."""

from __future__ import annotations

from django import template

from alerts.models import Integration
from alerts.watch import selectors as watched

register = template.Library()


@register.simple_tag
def mail_address(integration: Integration) -> str:
    """Where the integration takes mail; "" when none is taken in."""
    return watched.mail_address(integration)


@register.simple_tag
def report_url(integration: Integration) -> str:
    """Where the public form is."""
    return watched.report_url(integration)
