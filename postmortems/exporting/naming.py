"""Who is called what in an export: by role, but for those who asked to be named."""

from __future__ import annotations

from django.utils.translation import gettext as _

from postmortems.exporting.blameless import by_role, roles_of
from postmortems.models import ActionItem, Attendee, Postmortem, Reviewer, SectionRevision
from teams.models import User


class Namer:
    """Texts and people of one document as they may leave. Eight statements to make, one more for each text in which
    somebody is mentioned with an at sign."""

    def __init__(self, postmortem: Postmortem) -> None:
        self._postmortem = postmortem
        self._by_id: dict[int, str] = {}
        self._roles = roles_of(postmortem)
        named = set(postmortem.named.values_list("pk", flat=True))
        people = set(ActionItem.objects.filter(postmortem=postmortem).values_list("owner_id", "backup_id"))
        ids = {pk for pair in people for pk in pair if pk}
        for rows in (
            Reviewer.objects.filter(postmortem=postmortem).values_list("user_id", flat=True),
            Attendee.objects.filter(postmortem=postmortem).values_list("user_id", flat=True),
            SectionRevision.objects.filter(section__postmortem=postmortem).values_list(
                "author_id", flat=True
            ),
        ):
            ids |= {pk for pk in rows.order_by().distinct() if pk}
        for _pk, name, email in User.objects.filter(pk__in=ids - named).values_list("pk", "name", "email"):
            for shown in (name.strip(), email):
                if shown:
                    self._roles.setdefault(shown.lower(), self.other)

    @property
    def other(self) -> str:
        """Whoever had no role."""
        return _("colleague")

    def text(self, text: str) -> str:
        return by_role(text, self._postmortem, self._roles) if text else ""

    def person(self, user: User | None) -> str:
        """A role, or the name of whoever asked for it; '' for nobody."""
        if user is None:
            return ""
        word = self._roles.get(user.name.strip().lower()) or self._roles.get(user.email.lower()) or self.other
        return word[:1].upper() + word[1:]

    def person_by_id(self, pk: int) -> str:
        """The same, each looked up once."""
        if pk not in self._by_id:
            self._by_id[pk] = self.person(User.objects.filter(pk=pk).first())
        return self._by_id[pk]

    def label(self, author: User | None, label: str) -> str:
        """The writer of a row of the record; a label without a person is a rule, a service or a bot."""
        return self.person(author) if author is not None else self.text(label)
