"""`{% load settings_nav %}{% settings_sections as sections %}`: the navigation of settings pages."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from teams.settings_nav import sections_for

register = template.Library()


@register.simple_tag(takes_context=True)
def settings_sections(context: Context) -> list[dict[str, Any]]:
    """The sections the signed-in person may open, the present page marked."""
    request = context["request"]
    return sections_for(request.actor, request.path)
