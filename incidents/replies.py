"""Answers what arrives low (a link in a mail, a key pressed on a phone): the port of `notifications.replies`."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from core.errors import DomainError
from incidents.actions.acknowledge import acknowledge, already_sentence, over_sentence, pass_on
from incidents.actions.status import resolve
from incidents.choices import PageStatus
from incidents.models import Incident
from notifications.replies import ReplySubject
from teams.actor import Actor, actor_for
from teams.models import User

_PREFIX = "incident:"


def _resolved(actor: Actor, number: int) -> str:
    incident = resolve(actor=actor, number=number)
    return _("Incident #%(number)s is resolved.") % {"number": incident.number}


class IncidentReplies:
    """Acts as the person to whom the link was sent, with that person's rights of today."""

    def acknowledge(self, *, subject_key: str, user_id: int, via: str) -> str:
        """Acknowledge and return the sentence the person reads; never raises for a state it meets."""
        return self._answer(
            subject_key, user_id, via, lambda actor, number: acknowledge(actor=actor, number=number).sentence
        )

    def decline(self, *, subject_key: str, user_id: int, via: str) -> str:
        """The person cannot take it; the sentence says who is waited for now."""
        return self._answer(
            subject_key, user_id, via, lambda actor, number: pass_on(actor=actor, number=number).sentence
        )

    def resolve(self, *, subject_key: str, user_id: int, via: str) -> str:
        """Resolve as far as the incident's state allows it without a written reason."""
        return self._answer(subject_key, user_id, via, _resolved)

    @staticmethod
    def _answer(subject_key: str, user_id: int, via: str, verb: Callable[[Actor, int], str]) -> str:
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if user is None or not subject_key.startswith(_PREFIX):
            return _("This link no longer works.")
        try:
            return verb(actor_for(user, via=via), int(subject_key.removeprefix(_PREFIX)))
        except DomainError as error:
            return error.sentence

    def describe(self, *, subject_key: str, user_id: int) -> ReplySubject | None:
        """What the confirmation page shows, if the person may see the incident."""
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if user is None or not subject_key.startswith(_PREFIX):
            return None
        visible = Incident.objects.visible_to(actor_for(user)).select_related("acknowledged_by")
        incident = visible.filter(number=int(subject_key.removeprefix(_PREFIX))).first()
        if incident is None:
            return None
        if not incident.is_active:
            state = over_sentence(incident)
        elif incident.page_status == PageStatus.ACKNOWLEDGED:
            state = already_sentence(incident)
        else:
            state = _("Nobody has acknowledged this yet.")
        return ReplySubject(
            title=str(incident),
            url_path=incident.get_absolute_url(),
            state=state,
            open=incident.is_active and incident.page_status != PageStatus.ACKNOWLEDGED,
        )
