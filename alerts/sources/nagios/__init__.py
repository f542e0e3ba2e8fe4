"""Nagios and Icinga: a notification command that posts the macros' values by name."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import SetupText, Source, intake_url
from alerts.sources.generic import curl
from alerts.sources.shipped import mapping_of, parser_of

_COMMAND = """define command {{
  command_name  notify-{what}-by-watchbill
  command_line  /usr/bin/curl -sS --max-time 20 '{url}' {fields}
}}"""
_SHARED = ("NOTIFICATIONTYPE", "HOSTNAME", "HOSTALIAS", "HOSTADDRESS", "TIMET")
_SERVICE = (
    "SERVICEDESC",
    "SERVICESTATE",
    "SERVICEOUTPUT",
    "LONGSERVICEOUTPUT",
    "SERVICESTATETYPE",
    "SERVICEATTEMPT",
)
_HOST = ("HOSTSTATE", "HOSTOUTPUT", "LONGHOSTOUTPUT", "HOSTSTATETYPE", "HOSTATTEMPT")
_WHO = ("NOTIFICATIONAUTHOR", "NOTIFICATIONCOMMENT")


def _command(what: str, names: tuple[str, ...], url: str) -> str:
    fields = " ".join(f"--data-urlencode '{name}=${name}$'" for name in (*_SHARED, *names, *_WHO))
    return _COMMAND.format(what=what, url=url, fields=fields)


def setup(key: str, base_url: str) -> list[SetupText]:
    url = intake_url("nagios", key, base_url)
    contact = """define contact {
  contact_name                    watchbill
  alias                           Watchbill
  host_notification_period        24x7
  service_notification_period     24x7
  host_notification_options       d,u,r
  service_notification_options    w,u,c,r
  host_notification_commands      notify-host-by-watchbill
  service_notification_commands   notify-service-by-watchbill
}"""
    commands = f"{_command('service', _SERVICE, url)}\n\n{_command('host', _HOST, url)}"
    return [
        SetupText(_("Commands"), commands, _("In Icinga 2: a NotificationCommand with the same curl.")),
        SetupText(_("Contact"), contact),
        curl(key, base_url),
    ]


_MAPPING = mapping_of("nagios")
SOURCE = Source(
    kind="nagios",
    group="monitoring",
    icon="monitor",
    words=gettext_lazy("Notifications of Nagios, Icinga, Naemon and Checkmk, by a command to paste."),
    parse=parser_of(_MAPPING),
    bodies=frozenset({"json", "form"}),
    mapped=True,
    mapping=_MAPPING,
    setup=setup,
)
