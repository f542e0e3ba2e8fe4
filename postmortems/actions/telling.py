"""Messages about what was written: to those who are mentioned, and to the author of a section."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils.translation import gettext as _

from incidents.recipients import seers
from notifications.actions.messages import request_message
from notifications.choices import Category
from postmortems.models import Postmortem, PostmortemSection, SectionComment
from postmortems.writing.mentions import MOST, mentioned, people_named
from teams.actor import Actor


def tell_mentioned(
    postmortem: Postmortem, section: PostmortemSection, actor: Actor, *, old: str, new: str, now: dt.datetime
) -> None:
    """One message, once for each section, to everybody who is mentioned now and was not before."""
    people = people_named([old, new])
    fresh = mentioned(new, people) - mentioned(old, people) - {actor.user_id}
    who = _("Somebody") if section.author_hidden else actor.label
    title = _("%(who)s mentioned you in “%(section)s” of the postmortem of #%(number)s")
    _tell(postmortem, section, fresh, f"section/{section.pk}/mention", title, who, "", now)


def tell_about_comment(
    postmortem: Postmortem, comment: SectionComment, actor: Actor, *, old: str, now: dt.datetime
) -> None:
    """To those newly mentioned in it, and once to the author of the section. Nobody gets two for one comment."""
    section = comment.section
    people = people_named([old, comment.text])
    fresh = mentioned(comment.text, people) - mentioned(old, people) - {actor.user_id}
    key = f"comment/{comment.pk}"
    title = _("%(who)s mentioned you in a comment on “%(section)s” of the postmortem of #%(number)s")
    _tell(postmortem, section, fresh, key, title, actor.label, comment.text, now)
    if section.author_id is not None and section.author_id != actor.user_id and not old:
        title = _("%(who)s commented on “%(section)s” of the postmortem of #%(number)s")
        _tell(postmortem, section, [section.author_id], key, title, actor.label, comment.text, now)


def _tell(
    postmortem: Postmortem,
    section: PostmortemSection,
    user_ids: Iterable[int],
    key: str,
    title: str,
    who: str,
    body: str,
    now: dt.datetime,
) -> None:
    wanted = sorted(user_ids)[:MOST]
    if not wanted:
        return
    incident = postmortem.incident
    names = {"who": who, "section": section.get_key_display(), "number": incident.number}
    for user_id in sorted(seers(incident, wanted)):
        request_message(
            key=f"{key}/{user_id}",
            category=Category.UPDATE,
            user_id=user_id,
            title=(title % names)[:300],
            body=body or _("Open the section to read it."),
            url_path=f"{postmortem.get_absolute_url()}#section-{section.key}",
            team_id=incident.team_id,
            subject_key=incident.subject_key,
            now=now,
        )
