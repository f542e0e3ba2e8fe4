"""A page from alert to acknowledge through real programs, with Twilio and a push service as stand-ins."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

from config.launcher.process import wait_for
from core import clock
from incidents.models import Incident
from notifications.actions import push
from notifications.models import ContactMethod, Delivery, NotificationRule
from notifications.transports.push import vapid
from notifications.transports.push.subscription import parse
from oncall.models import EngineHeartbeat, EscalationPolicy, EscalationRun
from teams.models import User
from tests.factories import actor_of, make_team, make_user
from tests.faults.carriers import Line, PushService, press, push_service, twilio_line
from tests.faults.mailserver import MailServer
from tests.faults.stack import Site
from tests.notifications.providers import FROM, SID, TOKEN, set_up
from tests.notifications.push_service import Browser, identified
from tests.notifications.tls import Authority
from tests.world import make_integration, make_policy, make_service

pytestmark = pytest.mark.processes
Eventually = Callable[..., None]
PROGRAMS = ("web-1", "work", "engine", "deliver", "beat")
LIMIT = 5.0
# Beside the limit of a call: waking the workers on a machine that does other things too. A step of the
# policies here waits twenty times as long.
MARGIN = 15.0
LOCAL = {"WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8", "WEBHOOK_ALLOWED_PORTS": "1-65535"}


@dataclass
class Outside:
    """The product's programs, and all who carry its pages. The models work on its database."""

    site: Site
    mail: MailServer
    line: Line
    push: PushService

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.site.port}"

    def logs(self) -> str:
        return f"{self.site.logs()}\n--- line\n{self.line.faults}"


@pytest.fixture(scope="module")
def started(django_db_setup: None, django_db_blocker: Any) -> Iterator[Outside]:
    folder = Path(tempfile.mkdtemp(prefix="wb-pages-"))
    folder.chmod(0o711)
    authority = Authority(folder)
    mail = MailServer()
    with twilio_line() as line, push_service(authority.context("127.0.0.1")) as pushes:
        trust = {"SSL_CERT_FILE": str(authority.path)}
        # Without other files in the run there is no test database to copy.
        made_for_tests = connection.settings_dict["NAME"] != urlsplit(os.environ["DATABASE_URL"]).path[1:]
        source = dict(connection.settings_dict) if made_for_tests else None
        site = Site(folder, source, EMAIL_URL=mail.url, **LOCAL, **trust)
        try:
            for name in PROGRAMS:
                site.run(name)
            with django_db_blocker.unblock(), site.as_default():
                assert wait_for(EngineHeartbeat.objects.exists, seconds=90), site.logs()
                assert wait_for(lambda: _takes_requests(site), seconds=60), site.logs()
                values = {"account_sid": SID, "auth_token": TOKEN, "from_number": FROM}
                set_up("twilio", **values, api_base=line.server.base)
                vapid.keys(now=clock.now())
                yield Outside(site, mail, line, pushes)
        finally:
            site.stop()
            mail.close()
            shutil.rmtree(folder, ignore_errors=True)


def _takes_requests(site: Site) -> bool:
    try:
        return site.post("/api/v1/intake/generic/unknown/", {"title": "?"}).status == 404
    except OSError:
        return False


@pytest.fixture
def site(started: Outside, settings: Any) -> Outside:
    """What one test sees: nobody has been called or written to yet, and all answer."""
    settings.WEBHOOK_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.WEBHOOK_ALLOWED_PORTS = ((1, 65535),)
    started.line.refuses = lambda _call: None
    started.push.hanging.clear()
    for taken in (started.line.texts, started.line.calls, started.line.spoken, started.push.taken):
        taken.clear()
    return started


def person(name: str, *methods: ContactMethod | Callable[[User], ContactMethod]) -> User:
    """Somebody with an account address, whom an urgent page reaches by these methods alone, at once."""
    user = make_user(name)
    for each in methods:
        method = each(user) if callable(each) else each
        NotificationRule.objects.create(user=user, urgency="high", method=method, delay_minutes=0)
    return user


def by(channel: str, number: str) -> Callable[[User], ContactMethod]:
    return lambda user: ContactMethod.objects.create(
        user=user, channel=channel, address=number, verified_at=clock.now()
    )


def by_push(browser: Browser) -> Callable[[User], ContactMethod]:
    return lambda user: push.subscribe(
        actor=actor_of(user), subscription=parse(browser.json), browser="Chrome", now=clock.now()
    )


def service_of(name: str, *steps: list[User]) -> str:
    """The intake key of a service whose policy pages these people, five minutes apart."""
    team = make_team(name)
    make_policy(team, name=f"{name} hollow")
    policy: EscalationPolicy = make_policy(team, *((5, people) for people in steps), name=name)
    _row, key = make_integration(make_service(team, name.lower(), escalation_policy=policy))
    return key


def alert(site: Outside, key: str, title: str) -> None:
    answer = site.site.post(f"/api/v1/intake/generic/{key}/", {"title": title, "severity": "critical"})
    assert answer.status == 202


def told(incident: Incident) -> list[tuple[str, str, str]]:
    """(kind, who or what, source) of the timeline, in its order."""
    rows = incident.timeline.order_by("seq").values_list("kind", "author_label", "data", "source")
    return [
        (kind, ", ".join(data.get("people", [])) or data.get("declined", "") or label, source)
        for kind, label, data, source in rows
    ]


def test_from_alert_to_acknowledge_by_push_text_and_voice(site: Outside, eventually: Eventually) -> None:
    browser = site.push.browser("ada")
    ada = person("Ada", by_push(browser), by("sms", "+4915100000001"))
    bo = person("Bo", by("voice", "+4915100000002"))
    key = service_of("Shop", [ada], [bo])
    site.line.keys["+4915100000002"] = "4"
    alert(site, key, "Card payments fail")

    eventually(lambda: len(site.line.texts) == 1 and len(site.push.taken) == 1, 40)
    (text,) = site.line.texts
    assert (text["To"], text["From"], "Card payments fail" in text["Body"]) == ("+4915100000001", FROM, True)
    (page,) = site.push.read_by(browser)
    incident = Incident.objects.get(title="Card payments fail")
    assert (page["title"], page["url"], page["urgency"]) == (
        str(incident),
        f"/incidents/{incident.number}/",
        "high",
    )
    headers = {name.lower(): value for name, value in site.push.taken[0][2].items()}
    keys = vapid.keys(now=clock.now())
    assert keys is not None
    assert identified(headers, keys["public"])["aud"] == f"https://127.0.0.1:{site.push.server_port}"
    assert site.line.calls == []

    declined = clock.now()
    answer = press(site.base, page["decline"])
    assert answer == {"sentence": "Passed on: the next step is being paged now.", "url": page["url"]}
    eventually(lambda: len(site.line.spoken) == 2, 30)
    eventually(lambda: Delivery.objects.filter(channel="voice", status="delivered", user=bo).exists(), 20)
    call = Delivery.objects.get(channel="voice", user=bo)
    assert call.sent_at is not None
    assert (call.sent_at - declined).total_seconds() < LIMIT + MARGIN
    assert site.line.spoken == [
        "This is Watchbill. Urgent page for Bo: "
        f"{incident}. Press 4 to acknowledge, 6 to resolve, 8 if you cannot take it.",
        site.line.spoken[1],
    ]
    assert site.line.spoken[1].startswith("Acknowledged ")

    incident.refresh_from_db()
    assert (incident.page_status, incident.acknowledged_by) == ("acknowledged", bo)
    run = EscalationRun.objects.get(subject_key=f"incident:{incident.number}")
    assert (run.status, run.next_at, run.ended_by) == ("acknowledged", None, bo)
    eventually(lambda: len(told(incident)) >= 6, 20)
    assert told(incident) == [
        ("declared", "Monitoring", "rule"),
        ("alert_attached", "Monitoring", "rule"),
        ("page_sent", "Ada", "rule"),
        ("escalated", "Ada", "rule"),
        ("page_sent", "Bo", "rule"),
        ("acknowledged", "Bo", "voice"),
    ]
    times = list(incident.timeline.order_by("seq").values_list("happened_at", flat=True))
    assert times == sorted(times)
    _nothing_more_leaves(site, incident, eventually, texts=1, calls=1, pushes=1)


def _nothing_more_leaves(
    site: Outside, incident: Incident, eventually: Eventually, *, texts: int, calls: int, pushes: int
) -> None:
    """Engine and deliver have looked once more, and nothing is planned either."""
    subject = f"incident:{incident.number}"
    assert not Delivery.objects.filter(subject_key=subject, status__in=["pending", "sending"]).exists()
    before = Delivery.objects.filter(subject_key=subject).count()
    back = clock.now()
    eventually(lambda: EngineHeartbeat.objects.filter(ticked_at__gt=back).exists(), 30)
    assert Delivery.objects.filter(subject_key=subject).count() == before
    assert (len(site.line.texts), len(site.line.calls), len(site.push.taken)) == (texts, calls, pushes)
    assert site.mail.told(incident.title) == []
    assert site.line.faults == []


def test_a_push_service_that_hangs_and_a_text_carrier_that_breaks(
    site: Outside, eventually: Eventually
) -> None:
    """Each of the two gets the page by mail within the time of one call; others are not held up."""
    browser = site.push.browser("cleo")
    cleo = person("Cleo", by_push(browser))
    dan = person("Dan", by("sms", "+4915100000004"))
    eve = person("Eve", by("voice", "+4915100000005"))
    fay = person("Fay", lambda user: by("email", user.email)(user))
    site.push.hanging.add("/send/cleo")
    site.line.refuses = lambda call: (500, {}, {}) if call.path.endswith("/Messages.json") else None
    key = service_of("Depot", [cleo, dan, eve, fay])
    alert(site, key, "Depot is down")
    eventually(lambda: len(site.mail.told("Depot is down")) >= 3, 60)
    eventually(lambda: Delivery.objects.filter(channel="voice", status="delivered", user=eve).exists(), 30)
    # The record follows the call.
    mails = Delivery.objects.filter(channel="email", user__in=[cleo, dan, fay])
    eventually(lambda: mails.filter(sent_at__isnull=False).count() == 3, 30)

    assert sorted(site.mail.told("Depot is down")) == sorted([cleo.email, dan.email, fay.email])
    rows = {
        (row.user_id, row.channel): row for row in Delivery.objects.filter(user__in=[cleo, dan, eve, fay])
    }
    due = rows[fay.pk, "email"].due_at

    def after(who: User, channel: str) -> float:
        sent = rows[who.pk, channel].sent_at
        assert sent is not None, rows[who.pk, channel].error
        return (sent - due).total_seconds()

    assert LIMIT <= after(cleo, "email") < LIMIT + MARGIN
    # Nobody else waited for the call that hangs.
    assert max(after(dan, "email"), after(eve, "voice"), after(fay, "email")) < after(cleo, "email")
    # Both are tried on meanwhile.
    tried = {channel: rows[who.pk, channel] for who, channel in ((cleo, "push"), (dan, "sms"))}
    assert {row.status for row in tried.values()} <= {"pending", "sending"}
    assert tried["push"].error in ("No answer within 5 s.", "127.0.0.1 did not answer within 5 s.")
    assert tried["sms"].error == "Twilio answered HTTP 500."
    assert site.line.faults == []
