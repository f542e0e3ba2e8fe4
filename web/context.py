"""What the frame around every page needs: navigation, who is looking, what asks for attention."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core import clock
from core.pages import actor_of
from notifications.selectors import captured_count
from oncall.selectors import needs_answer, on_call_until
from postmortems.selectors.waiting import waiting_count
from teams.models import User
from web.demo import company, empty
from web.views.inspect import admin_link

# label, address, icon, whether the phone's bottom bar shows it
_ENTRIES = (
    ("Now", "/", "house", True),
    ("Incidents", "/incidents/", "siren", True),
    ("Feed", "/feed/", "radio", True),
    ("Alerts", "/alerts/", "bell-ring", False),
    ("On-call", "/oncall/", "phone", True),
    ("Services", "/services/", "server", False),
    ("Postmortems", "/postmortems/", "book-open-check", False),
    ("Status pages", "/statuspages/", "globe", False),
    ("Insights", "/insights/", "chart-line", False),
    ("Integrations", "/integrations/", "plug", False),
    ("Settings", "/settings/", "settings", False),
)
# Pages that belong to an entry without lying below its address.
_BELONGING = {"/integrations/": ("/heartbeats/", "/checks/", "/objectives/")}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context for `core/app.html`; nothing is asked of the database for anonymous requests."""
    user = getattr(request, "user", None)
    if user is None or request.path.startswith(("/admin/", "/api/")):
        return {}
    if not user.is_authenticated:
        return _demo(user)
    entries = [_entry(request.path, *row) for row in _ENTRIES]
    phone = [entry for entry, row in zip(entries, _ENTRIES, strict=True) if row[3]]
    return {
        "nav": entries,
        "nav_phone": [*phone, _entry(request.path, "More", "/more/", "menu", True)],
        "viewer": _Viewer(user, request),
        "bell_url": "/#needs-me",
        "bell_count": _Count(request),
        "declare_url": "/incidents/declare/",
        **_demo(user),
        "captured_mail": captured_count(),
    }


def _demo(user: Any) -> dict[str, Any]:
    """The demo's people to become, or `demo_empty` while it runs without its company."""
    if not (settings.DEMO and settings.DEBUG):
        return {}
    people = demo_people()
    if people:
        return {"demo_people": people}
    if User.objects.exists():
        return {"demo_empty": {"may_load": user.is_superuser}} if empty.chosen() else {}
    return {"demo_empty": {"code": empty.code()}}


def demo_people() -> list[dict[str, Any]]:
    """The people of the demo one may become with one click, and what each is for."""
    users = {
        user.email: user
        for user in User.objects.filter(email__in=[p.email for p in company.PEOPLE if p.login])
    }
    purposes = {
        "admin@example.com": _("everything, and Django admin"),
        "manager@example.com": _("manages Checkout and Catalogue"),
        "responder@example.com": _("on call for Checkout now"),
        "support@example.com": _("support: watches the feed"),
        "stranger@example.com": _("belongs to no team"),
    }
    return [
        {"id": users[email].pk, "name": users[email].name, "email": email, "purpose": purpose}
        for email, purpose in purposes.items()
        if email in users
    ]


def _entry(path: str, label: str, url: str, icon: str, _phone: bool) -> dict[str, Any]:
    active = path == url if url == "/" else path.startswith((url, *_BELONGING.get(url, ())))
    return {"label": _(label), "url": url, "icon": icon, "active": active}


class _Viewer(dict[str, Any]):
    """Who is looking. `on_call_until` is asked for only when a template shows it."""

    def __init__(self, user: Any, request: HttpRequest) -> None:
        super().__init__(
            id=user.pk,
            name=user.name,
            initials=user.initials,
            hue=user.hue,
            email=user.email,
            single_keys=user.single_keys,
            time_zone=str(user.zone),
            clock_24h=user.clock_24h,
            sign_out_url="/accounts/logout/",
            menu=_menu(user, request),
        )
        self._user_id = user.pk

    def __missing__(self, key: str) -> Any:
        if key not in ("on_call_until", "on_call_form"):
            raise KeyError(key)
        now = clock.now()
        until = on_call_until(self._user_id, now)
        left = until - now if until else dt.timedelta()
        self["on_call_until"] = until
        # Today's hour says enough; later than that the day is needed; beyond ten days "on call" is.
        self["on_call_form"] = (
            "time" if left < dt.timedelta(hours=20) else "datetime" if left.days < 10 else ""
        )
        return self[key]


class _Count:
    """How many pages, shifts, action items and reviews wait for the viewer; two statements, when shown."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def __str__(self) -> str:
        return str(len(self))

    def __len__(self) -> int:
        if not hasattr(self, "_value"):
            actor = actor_of(self._request)
            self._value = needs_answer(actor, clock.now()) + waiting_count(actor)
        return self._value

    def __bool__(self) -> bool:
        return len(self) > 0


def _menu(user: Any, request: HttpRequest) -> list[dict[str, str]]:
    items = [
        {"label": _("Profile"), "url": "/settings/profile/", "icon": "user"},
        {"label": _("Notifications"), "url": "/settings/notifications/", "icon": "bell"},
        {"label": _("My shifts"), "url": "/oncall/me/", "icon": "calendar-days"},
        {"label": _("Health"), "url": "/health/", "icon": "heart-pulse"},
    ]
    if user.is_staff:
        here = admin_link(request)
        if here:
            items.append({"label": _("Open in admin"), "url": here, "icon": "external-link"})
        items.append({"label": _("Django admin"), "url": "/admin/", "icon": "wrench"})
    return items
