"""Input of the import page; no writes."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any, NamedTuple

from django import forms
from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext_lazy as _

from services.importing.entities import MAX_BYTES

# What a form may carry beside files is limited to one megabyte (settings.DATA_UPLOAD_MAX_MEMORY_SIZE).
MAX_CARRIED = 900_000
_FORMATS = [
    ("", _("Tell by the content")),
    ("backstage", _("Backstage catalog-info.yaml")),
    ("opslevel", "opslevel.yml"),
    ("csv", "CSV"),
]


class Carried(NamedTuple):
    """The file whose plan was shown, and the digest of that plan."""

    content: bytes
    form: str
    digest: str


class ImportForm(forms.Form):
    """A catalog file, chosen or pasted; `content` of the cleaned data holds its bytes."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("At most 10 MB and 20,000 entities."),
        allow_empty_file=True,
    )
    text = forms.CharField(
        label=_("Or paste it"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "class": "mono", "spellcheck": "false"}),
    )
    format = forms.ChoiceField(label=_("Format"), choices=_FORMATS, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = data.get("file")
        if given is not None and given.size > MAX_BYTES:
            self.add_error("file", _("At most 10 MB."))
            return data
        data["content"] = (
            given.read() if given is not None else data.get("text", "").encode("utf-8", "replace")
        )
        if not data["content"].strip() and not self.errors:
            self.add_error(
                "file", _("The file is empty.") if given is not None else _("Choose a file or paste it.")
            )
        return data


def pack(carried: Carried, user_id: int) -> str:
    """As a text that only this person can send back unchanged; "" when it is too long for a form."""
    packed = base64.b64encode(zlib.compress(carried.content, 9)).decode()
    text = _signer(user_id).sign(f"{carried.form}:{carried.digest}:{packed}")
    return text if len(text) <= MAX_CARRIED else ""


def unpack(text: str, user_id: int) -> Carried | None:
    """What `pack` made; None for anything else."""
    try:
        form, digest, packed = _signer(user_id).unsign(text).split(":", 2)
        return Carried(zlib.decompress(base64.b64decode(packed)), form, digest)
    except (BadSignature, ValueError, binascii.Error, zlib.error):
        return None


def _signer(user_id: int) -> Signer:
    return Signer(salt=f"services.import.{user_id}")
