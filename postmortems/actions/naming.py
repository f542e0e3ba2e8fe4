"""Being named in a document instead of appearing by role: everybody decides for themselves."""

from __future__ import annotations

from django.db import transaction

from core.errors import NotAllowed, NotVisible
from postmortems.actions.common import audit
from postmortems.live import announce
from postmortems.models import Postmortem
from teams.actor import Actor


def name_me(*, actor: Actor, postmortem_id: int) -> None:
    """The acting person appears by name in what is exported."""
    _set(actor, postmortem_id, named=True)


def unname_me(*, actor: Actor, postmortem_id: int) -> None:
    """The acting person appears by role again."""
    _set(actor, postmortem_id, named=False)


def _set(actor: Actor, postmortem_id: int, *, named: bool) -> None:
    with transaction.atomic():
        rows = Postmortem.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
        postmortem: Postmortem | None = rows.select_related("incident").filter(pk=postmortem_id).first()
        if postmortem is None:
            raise NotVisible
        if actor.user_id is None or "respond" not in actor.scopes:
            raise NotAllowed
        if postmortem.named.filter(pk=actor.user_id).exists() == named:
            return
        if named:
            postmortem.named.add(actor.user_id)
        else:
            postmortem.named.remove(actor.user_id)
        audit(actor, "asked to be named" if named else "asked not to be named", postmortem)
        announce(postmortem, "people")
