"""Loads, refreshes and describes the demo company."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from alerts.models import Integration
from services.models import Service
from statuspage.models import StatusPage
from teams.actions.tokens import create_token
from teams.actor import actor_for
from teams.choices import Scope
from teams.models import Team, User
from web.demo import (  # noqa: F401 - these register their data
    catalog,
    checks,
    company,
    empty,
    live_story,
    loader,
    monitoring,
    objectives,
    postmortems,
    statuspages,
)


class Command(BaseCommand):
    help = "Demo company: --ensure loads it into an empty database and refreshes it, --json describes it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--ensure", action="store_true", help="load or refresh; prints no tokens")
        parser.add_argument("--json", action="store_true", help="print logins with fresh tokens, keys, slugs")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEMO and settings.DEBUG):
            raise CommandError("The demo needs DEMO=1 and DEBUG=1.")
        if options["ensure"]:
            _ensure()
        self.stdout.write(json.dumps(describe(tokens=not options["ensure"])))


def _ensure() -> None:
    """Load the company unless there are people, or somebody chose to start without it."""
    if not loader.is_empty():
        live_story.refresh()
        checks.refresh()
        objectives.refresh()
        catalog.refresh()
    elif empty.chosen():
        empty.ensure_code()
    else:
        loader.load()


def describe(*, tokens: bool) -> dict[str, Any]:
    """What `demo --json` prints; `tokens` makes a fresh full-scope token for each login."""
    logins = []
    for person in company.PEOPLE:
        user = User.objects.filter(email=person.email, is_active=True).first()
        if not person.login or user is None:
            continue
        login = {"email": person.email, "password": company.PASSWORD, "user_id": user.pk}
        if tokens:
            _keep_few(user)
            _row, secret = create_token(actor=actor_for(user), name="Demo", scopes=list(Scope.values))
            login["token"] = secret
        logins.append(login)
    return {
        "base_url": settings.BASE_URL,
        "logins": logins,
        "integrations": [_integration(row) for row in _integrations()],
        "teams": [{"slug": row.slug, "visibility": row.visibility} for row in Team.objects.order_by("slug")],
        "services": list(Service.objects.order_by("slug").values_list("slug", flat=True)),
        "status_pages": list(StatusPage.objects.order_by("slug").values_list("slug", flat=True)),
    }


def _keep_few(user: User) -> None:
    """Of the tokens this command made only the newest twenty stay."""
    mine = user.api_tokens.filter(name="Demo").order_by("-pk")
    mine.filter(pk__in=list(mine.values_list("pk", flat=True)[20:])).delete()


def _integrations() -> list[Integration]:
    names = [name for name, _kind, _service in company.INTEGRATIONS]
    return list(Integration.objects.filter(name__in=names).select_related("service").order_by("pk"))


def _integration(row: Integration) -> dict[str, Any]:
    key = loader.integration_key(row.name)
    paths = {
        "pagerduty": "/compat/pagerduty/v2/enqueue",
        "opsgenie": "/compat/opsgenie/v2/alerts",
    }
    path = paths.get(row.kind, f"/api/v1/intake/{row.kind}/{key}/")
    return {
        "name": row.name,
        "kind": row.kind,
        "key": key,
        "url": settings.BASE_URL + path,
        "service": row.service.slug,
    }
