"""Links by which somebody without an account stops messages: signed, and good for nothing else."""

from __future__ import annotations

from django.core.signing import BadSignature, Signer

# A full stop instead of the usual colon: some mail programs end a link at a colon.
_SIGNER = Signer(salt="incidents.stop", sep=".")
STAKEHOLDER, CUSTOMER = "s", "c"


def stakeholder_path(address: str) -> str:
    """No more internal or executive updates to this address."""
    return f"/stop/{_SIGNER.sign(f'{STAKEHOLDER}-{address}')}/"


def customer_path(contact_id: int) -> str:
    """No more messages to this customer contact."""
    return f"/stop/{_SIGNER.sign(f'{CUSTOMER}-{contact_id}')}/"


def read(token: str) -> tuple[str, str] | None:
    """(kind, who) of a link; None when it is forged."""
    try:
        kind, _dash, who = _SIGNER.unsign(token).partition("-")
    except BadSignature:
        return None
    return (kind, who) if kind in (STAKEHOLDER, CUSTOMER) and who else None
