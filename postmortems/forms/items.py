from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import offer
from postmortems.choices import ItemClass, ItemPriority
from postmortems.items.targets import groups
from postmortems.models import ActionItem
from teams.actor import Actor
from teams.models import User


class ItemForm(forms.Form):
    """The short form. `draft`: of a postmortem in draft, where owner and date may still be missing."""

    title = forms.CharField(label=_("What is to be done"), max_length=300)
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"))
    due_on = forms.DateField(
        label=_("Due"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    item_class = forms.ChoiceField(label=_("Class"), choices=ItemClass.choices)

    def __init__(self, *args: Any, draft: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, owner=User.objects.filter(is_active=True))
        if draft:
            for name in ("owner", "due_on"):
                self.fields[name].required = False

    def values(self) -> dict[str, Any]:
        """The arguments of `create_item`."""
        data = dict(self.cleaned_data)
        for name in ("owner", "backup"):
            if name in data:
                person = data.pop(name)
                data[f"{name}_id"] = person.pk if person else None
        return data


class ItemFullForm(ItemForm):
    """Everything of an item but its state."""

    priority = forms.ChoiceField(
        label=_("Priority"), choices=ItemPriority.choices, initial=ItemPriority.NORMAL
    )
    backup = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Backup"),
        required=False,
        help_text=_("Is reminded while the owner is on leave."),
    )
    detail = forms.CharField(
        label=_("Details"), required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 4})
    )
    target = forms.ChoiceField(
        label=_("Thing it changes"),
        required=False,
        help_text=_("The item is done by itself once this was changed."),
    )
    proof = forms.CharField(
        label=_("Proof of effect"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("How one sees that it worked."),
    )
    proof_link = forms.URLField(
        label=_("Link to the proof"), required=False, max_length=500, assume_scheme="https"
    )

    def __init__(
        self, *args: Any, actor: Actor, item: ActionItem | None = None, draft: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, draft=draft, **kwargs)
        active = User.objects.filter(is_active=True)
        offer(self, owner=active)
        offer(self, backup=active)
        choices: list[Any] = [("", _("Nothing")), *groups(actor, item.item_class if item else "")]
        if item is not None and item.target:
            known = {key for _label, rows in choices[1:] for key, _name in rows}
            if item.target not in known:
                choices.append((item.target, item.target_label))
        offer(self, target=choices)


class DoneForm(forms.Form):
    proof = forms.CharField(
        label=_("Proof of effect"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("How one sees that it worked."),
    )
    proof_link = forms.URLField(
        label=_("Link to the proof"), required=False, max_length=500, assume_scheme="https"
    )


class SnoozeForm(forms.Form):
    until = forms.DateField(
        label=_("No reminder before"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(label=_("Why it can wait"), max_length=300)


class DropForm(forms.Form):
    reason = forms.CharField(label=_("Why it will not be done"), max_length=500)


class RefuseForm(forms.Form):
    reason = forms.CharField(label=_("What to tell them"), required=False, max_length=500)


class NoteForm(forms.Form):
    text = forms.CharField(label=_("Comment"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))
