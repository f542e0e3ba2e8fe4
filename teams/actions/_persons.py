"""Checks on the data of persons, shared by the actions that make or change them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from core.errors import InvalidInput, field_error
from core.text import one_line
from teams.actions._locks import lock
from teams.models import User


def checked_email(email: str) -> str:
    """The address in lower case; a field error when it is none."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise field_error("email", "Enter an e-mail address such as ada@example.com.") from None
    if len(address) > 254:
        raise field_error("email", "At most 254 characters.")
    return address


def checked_name(name: str) -> str:
    cleaned = one_line(name, 120)
    if not cleaned:
        raise field_error("name", "Enter a name.")
    return cleaned


def check_password(password: str, user: User) -> None:
    """Field errors for `password` by the configured validators."""
    if len(password) > 512:
        raise field_error("password", "At most 512 characters.")
    try:
        validate_password(password, user)
    except ValidationError as error:
        reasons = [str(message) for message in error.messages]
        raise InvalidInput(reasons[0], fields={"password": reasons}) from None


def add_person(*, email: str, name: str, password: str | None, **fields: Any) -> User:
    """Create the row in the caller's transaction; without `password` nobody can sign in with one yet."""
    address, shown = checked_email(email), checked_name(name)
    if password is not None:
        check_password(password, User(email=address, name=shown))
    # The unique index is the promise; the lock turns a race into a sentence.
    lock("teams.person")
    if User.objects.filter(email__iexact=address).exists():
        raise field_error("email", "Somebody already uses this address.")
    return User.objects.create_user(address, password, name=shown, **fields)
