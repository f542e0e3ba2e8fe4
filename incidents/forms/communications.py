"""The composer: facts once, and a text for each audience; and the small dialogs about updates."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from incidents.actions.sending import next_due
from incidents.actions.update_templates import choices_for, values_for
from incidents.actions.updates import MAX_FACT, MAX_PROMISE_MINUTES, Facts
from incidents.choices import UpdateAudience
from incidents.forms.base import ActorForm
from incidents.models import Incident, UpdateTemplate
from incidents.recipients import Recipient, recipients
from incidents.wording import fill

FACTS = ("impact", "doing", "needs", "workaround")


def _lines(label: Any, rows: int = 2, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=MAX_FACT,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


@dataclass
class AudienceText:
    """One audience in the composer. `made`: the text as composed; one that was edited since is kept."""

    audience: str
    ticked: bool = False
    text: str = ""
    made: str = ""
    next_at: dt.datetime | None = None
    template_id: int | None = None
    templates: list[UpdateTemplate] = field(default_factory=list)
    recipients: list[Recipient] = field(default_factory=list)
    error: str = ""
    waits: bool = False

    @property
    def label(self) -> str:
        return str(UpdateAudience(self.audience).label)

    @property
    def first_names(self) -> str:
        """The first few recipients in words."""
        return ", ".join(f"{one.hint} ({one.channel_label})" for one in self.recipients[:4])

    @property
    def more(self) -> int:
        return max(0, len(self.recipients) - 4)


class ComposerForm(ActorForm):
    """The facts; the texts come with `texts()`, which makes those that nobody has edited."""

    audiences = forms.MultipleChoiceField(
        label=_("For whom"), choices=UpdateAudience.choices, widget=forms.CheckboxSelectMultiple
    )
    impact = _lines(_("What people notice"))
    doing = _lines(_("What we do now"))
    needs = _lines(_("What we need"), 1, _("From readers inside: a decision, people, access."))
    workaround = _lines(_("What helps meanwhile"), 1)
    next_update_in_minutes = forms.IntegerField(
        label=_("Next update in (minutes)"),
        required=False,
        min_value=0,
        max_value=MAX_PROMISE_MINUTES,
        help_text=_("Empty: as the severity promises. 0: no further promise."),
    )
    draft = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def facts(self) -> Facts:
        return Facts(**{name: self.value_of(name) for name in FACTS})

    def minutes(self) -> int | None:
        text = self.value_of("next_update_in_minutes")
        return int(text) if text.isdigit() and int(text) <= MAX_PROMISE_MINUTES else None

    def draft_batch(self) -> uuid.UUID | None:
        try:
            return uuid.UUID(self.value_of("draft"))
        except ValueError:
            return None

    def ticked(self) -> list[str]:
        data: Any = self.data  # a QueryDict, whose base class is what the stubs know
        chosen = data.getlist("audiences") if self.is_bound else self.initial.get("audiences", [])
        return [name for name in UpdateAudience.values if name in chosen]

    def texts(self, now: dt.datetime, stored: dict[str, str] | None = None) -> list[AudienceText]:
        """Every audience in order; for the ticked ones text, template and recipients. `stored`: of a draft."""
        assert self.incident is not None
        ticked = self.ticked()
        return [
            self._text(self.incident, name, now, (stored or {}).get(name, ""))
            if name in ticked
            else AudienceText(name)
            for name in UpdateAudience.values
        ]

    def _text(self, incident: Incident, name: str, now: dt.datetime, stored: str) -> AudienceText:
        row = AudienceText(name, ticked=True, templates=choices_for(incident, name))
        wanted = self.data.get(f"template_{name}", "") if self.is_bound else ""
        chosen = next((one for one in row.templates if str(one.pk) == wanted), None)
        chosen = chosen or next(iter(row.templates), None)
        row.template_id = chosen.pk if chosen else None
        row.next_at = next_due(incident, name, self.minutes(), now)
        facts = {key: self.value_of(key) for key in FACTS}
        values = values_for(incident, facts=facts, due=row.next_at, now=now)
        row.made = fill(chosen.body, values) if chosen else "\n\n".join(filter(None, facts.values()))
        given = self.data.get(f"text_{name}", "") if self.is_bound else stored
        before = self.data.get(f"made_{name}", "") if self.is_bound else ""
        edited = bool(_flat(given)) and _flat(given) != _flat(before)
        row.text = given if edited else row.made
        row.recipients = recipients(incident, name)
        return row

    def posted_texts(self) -> dict[str, str]:
        return {name: self.data.get(f"text_{name}", "") for name in self.ticked()}

    def posted_due(self) -> dict[str, dt.datetime]:
        """The instants the texts speak of, as far as the minutes are still those they were made with."""
        found: dict[str, dt.datetime] = {}
        for name in self.ticked():
            text = self.data.get(f"next_at_{name}", "")
            at = parse_datetime(text) if len(text) <= 40 else None
            if at is not None and at.tzinfo is not None:
                found[name] = at
        return found if self.data.get("made_minutes", "") == self.value_of("next_update_in_minutes") else {}

    def value_of(self, name: str) -> str:
        """What stands in the field now, as text."""
        value = self.data.get(name, "") if self.is_bound else self.initial.get(name)
        return "" if value is None else str(value).strip()


def _flat(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().splitlines())


class AudienceForm(ActorForm):
    """One audience by its name; the dialog only asks."""

    prefill = ("audience",)
    audience = forms.ChoiceField(label=_("For whom"), choices=UpdateAudience.choices)


class UpdateIdForm(ActorForm):
    prefill = ("update",)
    update = forms.IntegerField(min_value=1, max_value=2**62, widget=forms.HiddenInput)

    def values(self) -> dict[str, Any]:
        return {"update_id": self.cleaned_data["update"]}


class RejectForm(UpdateIdForm):
    reason = forms.CharField(
        label=_("What should be different"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def values(self) -> dict[str, Any]:
        return {"update_id": self.cleaned_data["update"], "reason": self.cleaned_data["reason"]}


class SupportWordsForm(ActorForm):
    say = forms.CharField(
        label=_("What to say"),
        max_length=MAX_FACT,
        help_text=_("Support copies it as it stands."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    do_not_say = _lines(_("Do not say"))
    workaround = _lines(_("What helps meanwhile"))

    def setup(self) -> None:
        if self.incident is None:
            return
        last = self.incident.updates.filter(audience=UpdateAudience.SUPPORT, state="sent").first()
        if last is not None:
            self.initial.setdefault("say", last.say or last.text)
            self.initial.setdefault("do_not_say", last.do_not_say)
            self.initial.setdefault("workaround", last.workaround)
