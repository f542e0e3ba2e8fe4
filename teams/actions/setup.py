"""The first visit to an empty installation."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.db import transaction

from core.errors import Conflict, field_error
from teams.actions._locks import lock
from teams.actions._persons import add_person
from teams.actions.audit import record
from teams.actor import system_actor
from teams.models import User


def create_first_admin(*, code: str, email: str, name: str, password: str) -> User:
    """Create the first admin, with the one-time code that the terminal showed. Audited.

    Only while there is no person at all (409 `already_set_up`). The code lies in
    `settings.ENV.setup_code_path`, and the file goes with its use.
    """
    with transaction.atomic():
        lock("teams.setup")
        if User.objects.exists():
            raise Conflict("Watchbill is set up already. Sign in instead.", code="already_set_up")
        if not _matches(code):
            raise field_error("code", "This is not the code that the terminal shows.")
        user = add_person(
            email=email, name=name, password=password, is_superuser=True, is_staff=True, is_support=False
        )
        by = system_actor(label=user.name, via="web")
        record(
            actor=by, verb="created", obj_type="person", obj_id=user.pk, label=user.name, data={"admin": True}
        )
        transaction.on_commit(lambda: settings.ENV.setup_code_path.unlink(missing_ok=True))
    return user


def _matches(code: str) -> bool:
    try:
        stored = settings.ENV.setup_code_path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise field_error("code", "There is no code: start Watchbill again, it shows a new one.") from None
    given = code.strip().lower().encode("utf-8", "surrogatepass")
    return bool(stored) and hmac.compare_digest(given, stored.lower().encode())
