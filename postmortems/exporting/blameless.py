"""People by role in what leaves the house, but for those who asked to be named."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from incidents.choices import Role
from incidents.models import RoleAssignment, RoleDefinition, TimelineEntry
from postmortems.models import Postmortem
from postmortems.writing.mentions import people_named, replaced
from teams.models import User


def by_role(text: str, postmortem: Postmortem, roles: Mapping[str, str] | None = None) -> str:
    """The text with names, addresses and @mentions of those who took part exchanged for their role, the longest
    first and whole words only. Anybody else who is mentioned becomes "colleague". Those in `postmortem.named` stay.

    `roles`: what `roles_of` gave, for several texts of one document.
    """
    found = roles_of(postmortem) if roles is None else roles
    if "@" in text:
        others = people_named([text])
        foreign = {name: _("colleague") for name in others if name not in found}
        words = {**foreign, **found}
        text = replaced(text, words.keys(), lambda name: words[name])
    if not found:
        return text
    longest = sorted(found, key=len, reverse=True)
    pattern = re.compile(
        rf"(?<![\w@.-])@?(?:{'|'.join(re.escape(name) for name in longest)})(?![\w@])", re.IGNORECASE
    )
    return pattern.sub(lambda match: found[match[0].lstrip("@").lower()], text)


def roles_of(postmortem: Postmortem) -> dict[str, str]:
    """Name or e-mail address (lower case) → role word, of everybody with a role in the incident, who wrote in its
    timeline, commands it or owns the document. Whoever asked to be named stands there with their own name, so that a
    shorter name in it is left alone. Five statements."""
    incident = postmortem.incident
    words: dict[int, str] = {}
    if incident.commander_id is not None:
        words[incident.commander_id] = str(Role.COMMANDER.label)
    held = RoleAssignment.objects.filter(incident=incident).order_by("pk")
    for user_id, label in held.values_list("user_id", "label"):
        words.setdefault(user_id, label or str(Role.RESPONDER.label))
    known = {str(key): str(label) for key, label in Role.choices}
    known |= dict(RoleDefinition.objects.values_list("key", "name"))
    wrote = TimelineEntry.objects.filter(incident=incident, author__isnull=False)
    for user_id, role in (
        wrote.order_by("author_id", "-author_role").values_list("author_id", "author_role").distinct()
    ):
        words.setdefault(user_id, known.get(role) or str(Role.RESPONDER.label))
    if postmortem.owner_id is not None:
        words.setdefault(postmortem.owner_id, _("Postmortem owner"))
    named = set(postmortem.named.values_list("pk", flat=True))
    found: dict[str, str] = {}
    for pk, name, email in User.objects.filter(pk__in={*words, *named}).values_list("pk", "name", "email"):
        for shown in (name.strip(), email):
            if shown and (pk not in named or shown.lower() not in found):
                found[shown.lower()] = shown if pk in named else words[pk]
    return found
