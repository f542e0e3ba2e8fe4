"""Which Apprise URLs are taken: services spoken to by HTTP, by plugins that were looked at.

Left out: what acts on this machine (syslog, desktop messages, commands), what reads files of it by a name in
the URL (fcm, vapid), what speaks other protocols (mail, MQTT, XMPP, IRC, SMPP, AMQP, Growl, APRS), and what
Watchbill does itself.
"""

from __future__ import annotations

import functools
import hashlib
import re
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from apprise.plugins.base import NotifyBase

LONGEST = 2000
SCHEMES = frozenset(
    """
    46elks apprise apprises bark barks betterstack bulksms burstsms chanify clickatell
    clicksend d7sms dapnet dingtalk discord elks evolution evolutions feishu flock form forms gchat goalert
    goalerts gotify gotifys groupme guilded hassio hassios httpsms humhub humhubs ifttt ilert incidentio
    infobip join json jsons kaleyra kavenegar kook lametric lametrics lark line mailgun mastodon mastodons
    misskey misskeys mmost mmosts msg91 msgbird ncloud nclouds nctalk nctalks nexmo notica noticas
    notifiarr notifico notificos ntfy ntfys onesignal opsgenie pagerduty pagertree pbul plivo pover prowl psafer
    psafers push pushdeer pushdeers pushed pushme pushplus pushy revolt ringc rocket rockets ryver schan
    seven signal signals signalgrid signl4 simplepush sinch smseagle smseagles smsc smsmgr smsmanager splunk
    spike spush spugpush squadcast synology synologys telesign telnyx tgram threema toot toots twist victorops
    voipms vonage webex wecombot whapi whatsapp workflow workflows wxpusher wxteams xml xmls zulip
    """.split()  # noqa: SIM905 - 130 names read better as text
)
# Plugins read files named by these. Redirects and unchecked certificates are not up to a URL.
_NOT_FOR_URLS = ("template", "keyfile", "subfile", "attach", "attachment", "from_file", "path")
# Wherever a URL may begin to name an option: Apprise reads more than the query of the standard.
_FILES = re.compile(rf"[?&;#/][+\-:\s]*({'|'.join(_NOT_FOR_URLS)})\s*=", re.IGNORECASE)


def problem(url: str) -> str:
    """Why this URL is not taken, "" when it is. Asks no name server."""
    scheme = urlsplit_scheme(url)
    if len(url) > LONGEST or any(ord(letter) < 32 for letter in url):
        return _("An Apprise URL is one line of at most 2,000 characters.")
    if not scheme:
        return _("An Apprise URL begins with the name of a service and ://, such as ntfys://topic.")
    if scheme not in SCHEMES:
        return _("%(scheme)s:// is not a service Watchbill sends to by Apprise.") % {"scheme": scheme[:30]}
    if bad := _FILES.search(unquote_plus(unquote_plus(url))):
        return _("An Apprise URL must not hold “%(name)s=”.") % {"name": bad[1].lower()}
    if plugin_of(url) is None:
        return _("This Apprise URL is not complete. The documentation of Apprise shows the form for it.")
    return ""


def urlsplit_scheme(url: str) -> str:
    """The service's name in lower case; "" when there is none."""
    scheme, mark, rest = url.partition("://")
    return scheme.lower() if mark and rest and scheme.isascii() and len(scheme) <= 40 else ""


def plugin_of(url: str) -> NotifyBase | None:
    """The service behind a URL, made harmless: no files, no redirects, no caches, checked certificates."""
    Apprise, AppriseAsset = library()
    asset = AppriseAsset(
        app_id="Watchbill",
        app_desc="Watchbill",
        async_mode=False,
        http_redirects=False,
        plugin_paths=[],
        storage_mode="memory",
    )
    found = Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if found is None:
        return None
    found.redirects = False
    found.verify_certificate = True
    return found


@functools.cache
def library() -> tuple[Any, Any]:
    """`Apprise` and `AppriseAsset`. Loading takes its time, and few processes need it."""
    with warnings.catch_warnings():
        # What its plugins import may be on its way out of Python.
        warnings.simplefilter("ignore")
        from apprise import Apprise, AppriseAsset
        from apprise.manager_plugins import NotificationManager

        manager: Any = NotificationManager
        manager().load_modules()
    return Apprise, AppriseAsset


def public_name(url: str) -> str:
    """What may be shown of it: the service and four hex digits that tell two of them apart."""
    plugin = plugin_of(url)
    name = str(plugin.service_name) if plugin is not None else urlsplit_scheme(url)
    return f"{name} {hashlib.sha256(url.encode()).hexdigest()[:4]}"
