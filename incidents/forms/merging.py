"""Forms of texts that several people may write at once."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import QueryDict

from incidents.forms.base import ActorForm


class MergedForm(ActorForm):
    """`merged`: text field → hidden field with the text its writer began from.

    After a refusal as changed meanwhile the form shows both texts (`merges`, for `partials/merge.html`), and
    what is sent then counts as written with the other text in sight.
    """

    merged: ClassVar[dict[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.merges: list[dict[str, str]] = []
        super().__init__(*args, **kwargs)

    def rebase(self) -> None:
        values = QueryDict(mutable=True)
        values.update(self.data)
        for name, base in self.merged.items():
            if name in self.conflict:
                theirs, yours = self.conflict[name][0], str(values.get(name, ""))
                label = str(self.fields[name].label or name)
                self.merges.append({"label": label, "theirs": theirs, "yours": yours})
                values[base] = theirs
        self.data = values

    def bases(self) -> dict[str, str | None]:
        """The texts the writer began from; None where the form did not say."""
        return {base: self.cleaned_data[base] if base in self.data else None for base in self.merged.values()}
