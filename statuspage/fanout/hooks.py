"""Bodies of webhooks, in the shape receivers of Statuspage's know, and messages for Slack and Teams.

Times are ISO 8601 UTC with milliseconds. There is no `type`: receivers look whether `incident` or
`component_update` is there.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core.text import clean, one_line
from notifications.transports.slack.blocks import escaped
from statuspage.building.html import shell
from statuspage.building.load import public_base
from statuspage.building.shapes import stamp, update_body
from statuspage.choices import NoticeKind, NoticeStatus
from statuspage.fanout.news import News, Words, spoken, words
from statuspage.models import Notice, Subscriber
from statuspage.subscribers.links import unsubscribe_url

_SLACK_TEXT, _TEAMS_TEXT = 2800, 10_000


def webhook(news: News, subscriber: Subscriber, now: dt.datetime) -> dict[str, Any]:
    """The body for a webhook."""
    indicator, description = news.indicator
    body: dict[str, Any] = {
        "meta": {
            "unsubscribe": unsubscribe_url(news.page, subscriber),
            "documentation": f"{settings.BASE_URL}/api/docs/",
            "generated_at": stamp(now),
        },
        "page": {
            "id": news.page.public_id,
            "status_indicator": indicator,
            "status_description": description,
        },
    }
    if news.component is not None:
        part, what = news.component, news.row.data
        body["component_update"] = {
            "id": what["id"],
            "created_at": what["created_at"],
            "new_status": what["new_status"],
            "old_status": what["old_status"],
            "component_id": part.public_id,
        }
        body["component"] = {
            "id": part.public_id,
            "name": part.name,
            "status": part.status,
            "created_at": stamp(part.created_at),
        }
    elif news.notice is not None:
        body["incident"] = _incident(news, news.notice)
    return body


def _incident(news: News, notice: Notice) -> dict[str, Any]:
    after = next((row for row in news.updates if row.status == NoticeStatus.POSTMORTEM), None)
    is_work = notice.kind == NoticeKind.MAINTENANCE
    return {
        "id": notice.public_id,
        "organization_id": news.page.public_id,
        "name": notice.title,
        "status": notice.status,
        "impact": notice.impact,
        "impact_override": notice.impact_override or None,
        "backfilled": notice.backfilled,
        "created_at": stamp(notice.created_at),
        "updated_at": stamp(notice.updated_at),
        "monitoring_at": stamp(notice.monitoring_at),
        "resolved_at": stamp(notice.resolved_at),
        "shortlink": f"{public_base(news.page)}incidents/{notice.public_id}/",
        "scheduled_for": stamp(notice.scheduled_for) if is_work else None,
        "scheduled_until": stamp(notice.scheduled_until) if is_work else None,
        "scheduled_remind_prior": is_work and bool(notice.remind_minutes),
        "scheduled_reminded_at": stamp(news.row.created_at) if news.is_reminder else None,
        "scheduled_auto_in_progress": is_work and notice.auto_start,
        "scheduled_auto_completed": is_work and notice.auto_end,
        "postmortem_body": after.body if after else None,
        "postmortem_body_last_updated_at": stamp(after.edited_at or after.created_at) if after else None,
        "postmortem_ignored": False,
        "postmortem_published_at": stamp(after.created_at) if after else None,
        "postmortem_notified_subscribers": bool(after and after.deliver),
        "postmortem_notified_twitter": False,
        "incident_updates": [update_body(row, notice) for row in news.updates],
        "components": [
            {"id": row.public_id, "name": row.name, "status": row.status} for row in news.components
        ],
    }


def slack(news: News, subscriber: Subscriber) -> dict[str, Any]:
    """The body for a Slack incoming hook; what is quoted can neither mention anybody nor format anything."""
    language = spoken(news.page, subscriber)
    with translation.override(language), timezone.override(news.page.zone):
        told = words(news, language)
        head = f"[{news.page.name}] {told.headline}"
        lines = [f"*{escaped(one_line(head, 400))}*"]
        if told.body:
            lines.append(escaped(clean(told.body, _SLACK_TEXT - 500)))
        lines += [escaped(each) for each in _facts(news, told)]
        text = {"type": "mrkdwn", "text": "\n".join(lines)[:_SLACK_TEXT], "verbatim": True}
        label = {"type": "plain_text", "text": _("See the status page"), "emoji": False}
        stop = f"<{unsubscribe_url(news.page, subscriber)}|{_('Unsubscribe')}>"
        return {
            "text": escaped(one_line(head, 400)),
            "unfurl_links": False,
            "unfurl_media": False,
            "link_names": False,
            "blocks": [
                {"type": "section", "text": text},
                {"type": "actions", "elements": [{"type": "button", "text": label, "url": told.url}]},
                {"type": "context", "elements": [{"type": "mrkdwn", "text": stop}]},
            ],
        }


def teams(news: News, subscriber: Subscriber) -> dict[str, Any]:
    """The body for a Microsoft Teams incoming hook: an Adaptive Card, its text in runs that format nothing."""
    language = spoken(news.page, subscriber)
    with translation.override(language), timezone.override(news.page.zone):
        told = words(news, language)
        body = [
            _run(news.page.name, isSubtle=True),
            _run(told.headline, weight="Bolder", size="Large"),
            *([_run(clean(told.body, _TEAMS_TEXT))] if told.body else []),
            *(_run(each) for each in _facts(news, told)),
        ]
        links = (
            (_("See the status page"), told.url),
            (_("Unsubscribe"), unsubscribe_url(news.page, subscriber)),
        )
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "lang": language,
            "body": body,
            "actions": [{"type": "Action.OpenUrl", "title": title, "url": url} for title, url in links],
        }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def _facts(news: News, told: Words) -> list[str]:
    """Components, window and promise, each in a line."""
    moment = shell(news.page, told.language, "")["moment"]

    def at(value: dt.datetime) -> str:
        return date_format(timezone.localtime(value), moment)

    lines = [f"{name}: {status}" for name, status in told.parts[:20]]
    if told.starts_at and told.ends_at:
        lines.append(f"{at(told.starts_at)} – {at(told.ends_at)} {news.page.time_zone}")
    if told.next_update_at:
        when = {"time": f"{at(told.next_update_at)} {news.page.time_zone}"}
        lines.append(_("Next update by %(time)s.") % when)
    return lines
