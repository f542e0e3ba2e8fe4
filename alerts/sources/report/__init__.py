"""A public form for people without an account; `alerts.views.report` shows it.

Settings of an integration: `title` and `intro` of the form, `urgent`: whether reports are of high urgency.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from alerts.sources.base import Parsed, SetupText, Source, fail, link, require_object, text
from core.text import clean, one_line

MAX_TITLE = 120
MAX_INTRO = 2000
MAX_WHAT = 5000
_FIELDS = ("title", "intro", "urgent")


def check_settings(value: Any) -> dict[str, Any]:
    """Settings as they are stored; `PayloadError` names what cannot be used."""
    given = require_object(value, "settings")
    if unknown := sorted(set(given) - set(_FIELDS)):
        raise fail(unknown[0][:60], f"One of {', '.join(_FIELDS)}.")
    found: dict[str, Any] = {}
    if "title" in given:
        found["title"] = one_line(text(given["title"], 1000, "title"), MAX_TITLE)
    if "intro" in given:
        found["intro"] = text(given["intro"], MAX_INTRO, "intro").strip()
    if "urgent" in given:
        if not isinstance(given["urgent"], bool):
            raise fail("urgent", "Must be true or false.")
        found["urgent"] = given["urgent"]
    return found


def event(integration_id: int, name: str, urgent: bool, reference: str, report: dict[str, str]) -> Parsed:
    """One report: what, when, page, contact. Its words stay out of the title, which goes to feeds; the reports of a
    form make one incident."""
    when, page = one_line(report.get("when", ""), 200), one_line(report.get("page", ""), 1000)
    labels = {
        "reference": reference,
        "contact": one_line(report.get("contact", ""), 200),
        "when": when,
        "page": page,
    }
    return Parsed(
        action="trigger",
        dedup_key=f"report:{reference}",
        group_key=f"report:{integration_id}",
        title=f"Problem reported over {name}"[:300],
        description=clean(report["what"], MAX_WHAT).strip(),
        severity="critical" if urgent else "info",
        source=name[:300],
        labels={key: value for key, value in labels.items() if value},
        links=link(page, "Page in question"),
    )


def setup(key: str, base_url: str) -> list[SetupText]:
    """Nothing to copy but the address, which the page shows by itself."""
    return []


SOURCE = Source(
    kind="report",
    group="own",
    icon="message-circle-question",
    words=gettext_lazy("A public page where anybody can say that something is wrong, without an account."),
    settings=check_settings,
    setup=setup,
)
