"""Errors a person can do something about. Each carries a stable code and one sentence.

Pages and the API have one mapper each (`core.middleware`, `core.api.errors`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class DomainError(Exception):
    """Base of every refusal. `status` is the HTTP status the API answers with."""

    code = "error"
    status = 400
    sentence = "That is not possible."

    def __init__(
        self,
        sentence: str | None = None,
        *,
        code: str | None = None,
        fields: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.sentence = sentence or self.sentence
        self.code = code or self.code
        self.fields = {name: list(reasons) for name, reasons in (fields or {}).items()}
        super().__init__(self.sentence)


class InvalidInput(DomainError):
    """Something in the input is wrong; `fields` names what and why."""

    code = "invalid"
    status = 400
    sentence = "Some of the input is not valid."


class NotAllowed(DomainError):
    """The actor may see the object but not do this to it."""

    code = "not_allowed"
    status = 403
    sentence = "You may not do that."


class NotVisible(DomainError):
    """The object does not exist for this actor."""

    code = "not_found"
    status = 404
    sentence = "There is nothing here."


class Conflict(DomainError):
    """The object is not in a state that allows this."""

    code = "conflict"
    status = 409
    sentence = "The present state does not allow that."


class TooMany(DomainError):
    """A rate limit; `retry_after` is in seconds."""

    code = "rate_limited"
    status = 429
    sentence = "Too many requests."

    def __init__(self, sentence: str | None = None, *, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__(sentence)


def field_error(name: str, reason: str) -> InvalidInput:
    """An `InvalidInput` about one field."""
    return InvalidInput(reason, fields={name: [reason]})
