"""Everybody, for admins."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import InvalidInput, NotVisible
from teams import hooks
from teams.actions.access import end_all_sessions, make_password_link, remove_second_factor
from teams.actions.deactivation import deactivate_user, reactivate_user
from teams.actions.invitation_csv import invite_csv, preview_csv
from teams.actions.invitations import create_invitation
from teams.actions.people import change_email, set_instance_role, update_profile
from teams.forms import HandoverForm, InviteTableForm, PersonForm, PersonInviteForm
from teams.models import Team, User
from teams.selectors import open_invitations, people_list
from teams.views.base import SettingsView, applied, attach, keep_secret, take_secret

STATES = [
    ("active", _("Active")),
    ("inactive", _("Deactivated")),
    ("admin", _("Admins")),
    ("support", _("Support")),
]
