"""Facts about people. What must not be stored in clear travels sealed (`core.crypto.unseal`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True, kw_only=True)
class InvitationCreated(Event):
    """Somebody is invited by mail. `sealed_path` opens to the path of the link, which lets a person in.

    There is no account for the address yet, or none in the team. `team_name` is "" without a team.
    """

    kind: ClassVar[str] = "teams.invitation_created"

    invitation_id: int
    email: str
    name: str
    sealed_path: str
    invited_by: str
    team_name: str

    @property
    def stream(self) -> str:
        return f"invitation:{self.invitation_id}"


@dataclass(frozen=True, kw_only=True)
class AccountMailRequested(Event):
    """A mail of the sign-in pages (password reset, second factor changed). The body may hold a secret link.

    `reason` is the template's name, e.g. `password_reset_key`; `user_id` is None for unknown addresses.
    """

    kind: ClassVar[str] = "teams.account_mail_requested"

    email: str
    user_id: int | None
    reason: str
    subject: str
    sealed_body: str

    @property
    def stream(self) -> str:
        return f"account:{self.user_id or self.email.lower()}"[:100]


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Event):
    """The person's password is another one now; `by` says who did it."""

    kind: ClassVar[str] = "teams.password_changed"

    user_id: int
    by: str

    @property
    def stream(self) -> str:
        return f"account:{self.user_id}"


@dataclass(frozen=True, kw_only=True)
class TeamCreated(Event):
    """There is a new team; it has no escalation policy yet."""

    kind: ClassVar[str] = "teams.team_created"

    team_id: int

    @property
    def stream(self) -> str:
        return f"team:{self.team_id}"


@dataclass(frozen=True, kw_only=True)
class MembershipChanged(Event):
    """A person's role in a team; `role` is "" when the person left."""

    kind: ClassVar[str] = "teams.membership_changed"

    team_id: int
    user_id: int
    role: str

    @property
    def stream(self) -> str:
        return f"team:{self.team_id}"


@dataclass(frozen=True, kw_only=True)
class PersonDeactivated(Event):
    """The person may no longer sign in; everything was handed over in the same transaction."""

    kind: ClassVar[str] = "teams.person_deactivated"

    user_id: int
    by: str

    @property
    def stream(self) -> str:
        return f"account:{self.user_id}"


@dataclass(frozen=True, kw_only=True)
class PersonReactivated(Event):
    """The person may sign in again."""

    kind: ClassVar[str] = "teams.person_reactivated"

    user_id: int
    by: str

    @property
    def stream(self) -> str:
        return f"account:{self.user_id}"
