from teams.models.audit import AuditEntry
from teams.models.invitation import Invitation
from teams.models.saved_view import SavedView
from teams.models.team import Membership, Team
from teams.models.token import APIToken
from teams.models.user import User

__all__ = ["APIToken", "AuditEntry", "Invitation", "Membership", "SavedView", "Team", "User"]
