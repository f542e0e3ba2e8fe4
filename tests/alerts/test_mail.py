"""Mail that comes in, over SMTP with the standard library's client, against the real server on a free port."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import OperationalError

from alerts import mailbox
from alerts.actions import mail as actions
from alerts.actions.integrations import create_integration
from alerts.choices import AlertStatus, HeartbeatStatus, IntakeStatus
from alerts.models import Alert, Heartbeat, IntakeItem, Integration
from tests.alerts.test_heartbeats import make_beat
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
Drain = Callable[[], None]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def port() -> Iterator[int]:
    """The server, running in a thread of this process."""
    number, ready = free_port(), threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        task = asyncio.create_task(mailbox.serve("mail.test", "127.0.0.1", number, stop))
        while not _answers(number):
            await asyncio.sleep(0.01)
        ready.set()
        await task

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(10)
    yield number
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


def _answers(number: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", number)) == 0


@pytest.fixture
def world() -> World:
    return make_world()


def make_box(world: World, **settings: Any) -> Integration:
    row, _key = create_integration(
        actor=world.actor("ada"), name="Old monitor", kind="email", service_id=world.service.pk
    )
    row.settings = settings
    row.save(update_fields=["settings"])
    return row


def address(row: Integration, tag: str = "") -> str:
    assert row.mail_local is not None
    return f"{row.mail_local}{tag and '+' + tag}@127.0.0.1"


def letter(subject: str = "Disk full", text: str = "db1 is at 99 %", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = headers.pop("From", "Nagios <nagios@corp.example>")
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def send(
    port: int, to: str | list[str], message: EmailMessage | bytes, sender: str = "nagios@corp.example"
) -> None:
    data = message if isinstance(message, bytes) else message.as_bytes()
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.sendmail(sender, to, data)


def test_a_mail_becomes_an_alert_its_thread_repeats_and_resolves_it(
    port: int, world: World, drain: Drain
) -> None:
    row = make_box(world, resolve=r"\bRECOVERED\b")
    send(
        port,
        address(row, "db"),
        letter("Disk full", Message_ID="<1@corp>", Date="Mon, 02 Mar 2026 10:00:00 +0100"),
    )
    drain()
    alert = Alert.objects.get()
    assert (alert.title, alert.description, alert.urgency, alert.source) == (
        "Disk full",
        "db1 is at 99 %",
        "high",
        "nagios@corp.example",
    )
    assert alert.labels == {"from": "nagios@corp.example", "tag": "db"}
    assert alert.occurred_at is not None
    assert alert.incident is not None
    send(port, address(row), letter("Another word", Message_ID="<2@corp>", In_Reply_To="<1@corp>"))
    drain()
    alert.refresh_from_db()
    assert (alert.count, Alert.objects.count()) == (2, 1)
    send(port, address(row), letter("RECOVERED", Message_ID="<3@corp>", References="<1@corp> <2@corp>"))
    drain()
    alert.refresh_from_db()
    assert alert.status == AlertStatus.RESOLVED


def test_without_a_thread_the_subject_names_it(port: int, world: World, drain: Drain) -> None:
    row = make_box(world, resolve="^OK:")
    for subject in ("Disk full", "Re: Fwd: disk  full", "OK: Disk full"):
        send(port, address(row), letter(subject))
    drain()
    assert [(a.dedup_key, a.count, a.status) for a in Alert.objects.all()] == [("disk full", 2, "resolved")]


def test_an_expression_names_it(port: int, world: World, drain: Drain) -> None:
    row = make_box(world, key=r"\[(HOST-\d+)\]", resolve="recovery", severity="warning")
    for subject in ("PROBLEM [host-7] disk", "PROBLEM [HOST-8] disk", "RECOVERY [host-7] disk"):
        send(port, address(row), letter(subject))
    drain()
    found = Alert.objects.order_by("pk").values_list("dedup_key", "status", "urgency")
    assert list(found) == [("host-7", "resolved", "low"), ("HOST-8", "firing", "low")]


def test_only_known_addresses_are_accepted_and_nothing_is_relayed(port: int, world: World) -> None:
    row = make_box(world)
    off = make_box(world)
    Integration.objects.filter(pk=off.pk).update(is_active=False)
    refused = ["x@127.0.0.1", "somebody@example.com", f"{row.mail_local}@example.com", address(off), "x"]
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.ehlo("there")
        client.mail("a@b.example")
        assert [client.rcpt(each)[0] for each in refused] == [550] * 5
        assert client.rcpt(address(row).upper())[0] == 250
        assert client.data(b"Subject: x\r\n\r\ny\r\n")[0] == 250
    assert IntakeItem.objects.count() == 1


def test_one_message_id_once(port: int, world: World, drain: Drain) -> None:
    row = make_box(world)
    for _time in range(3):
        send(port, [address(row), address(row, "again")], letter(Message_ID="<same@corp>"))
    drain()
    assert (IntakeItem.objects.count(), Alert.objects.get().count) == (1, 1)


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ({"Auto_Submitted": "auto-replied"}, "a@b.example"),
        ({"Precedence": "bulk"}, "a@b.example"),
        ({"Precedence": "auto_reply"}, "a@b.example"),
        ({"X_Autoreply": "yes"}, "a@b.example"),
        ({"X_Loop": "me"}, "a@b.example"),
        ({"X_Watchbill_Delivery": "7"}, "a@b.example"),
        ({"Message_ID": f"<{'a' * 40}@127.0.0.1>"}, "a@b.example"),
        ({"From": "MAILER-DAEMON@b.example"}, "a@b.example"),
        ({}, ""),
    ],
)
def test_answers_of_machines_are_left_out_and_remembered(
    port: int, world: World, drain: Drain, headers: dict[str, str], sender: str
) -> None:
    row = make_box(world)
    send(port, address(row), letter(**headers), sender=sender)
    drain()
    item = IntakeItem.objects.get()
    assert (item.status, item.outcome[:9], Alert.objects.count()) == (IntakeStatus.DROPPED, "Left out:", 0)
    assert item.raw is not None
    assert item.raw["subject"] == "Disk full"


def test_what_cron_mails_by_itself_is_an_alert(port: int, world: World, drain: Drain) -> None:
    send(port, address(make_box(world)), letter(Auto_Submitted="auto-generated"))
    drain()
    assert Alert.objects.count() == 1


def test_only_allowed_senders(port: int, world: World, drain: Drain) -> None:
    row = make_box(world, senders=["@corp.example", "me@home.example"])
    for sender in ("a@corp.example", "me@home.example", "x@evilcorp.example", "you@home.example"):
        send(port, address(row), letter(sender, From=sender))
    drain()
    dropped = IntakeItem.objects.filter(status=IntakeStatus.DROPPED).values_list("outcome", flat=True)
    assert Alert.objects.count() == 2
    assert sorted(dropped) == [
        "Left out: x@evilcorp.example may not write to this address",
        "Left out: you@home.example may not write to this address",
    ]


def test_a_heartbeat_takes_mail(port: int, world: World) -> None:
    beat, _key = make_beat(world)
    send(port, address(beat.integration), letter(Precedence="bulk"))
    found = Heartbeat.objects.get()
    assert (found.status, found.last_ping_from) == (HeartbeatStatus.HEALTHY, "mail from nagios@corp.example")
    assert IntakeItem.objects.count() == 0


def test_too_large_is_refused(port: int, world: World) -> None:
    row = make_box(world)
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        send(port, address(row), letter(text="line\n" * 110_000))
    assert refused.value.smtp_code == 552
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.ehlo("there")
        client.mail("a@b.example")
        client.rcpt(address(row))
        assert client.data(b"Subject: x\r\n\r\n" + b"word\r\n" * 100_000)[0] == 552
    assert IntakeItem.objects.count() == 0


def test_while_the_database_is_away_it_is_not_kept(
    port: int, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make_box(world)

    def away(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(actions, "feed", away)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(port, address(row), letter())
    assert refused.value.smtp_code == 451
    monkeypatch.setattr(actions, "recipient", away)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as unknown:
        send(port, address(row), letter())
    assert [code for code, _text in unknown.value.recipients.values()] == [451]


def test_an_address_over_its_limit_waits(port: int, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = make_box(world)
    monkeypatch.setattr("core.ratelimit.take", lambda *_args, **_kwargs: 3)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(port, address(row), letter())
    assert (refused.value.smtp_code, IntakeItem.objects.count()) == (451, 0)


def test_too_many_connections_are_sent_away(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "MAX_OF_ADDRESS", 2)
    held = [smtplib.SMTP("127.0.0.1", port, timeout=10) for _number in range(2)]
    with pytest.raises(smtplib.SMTPConnectError) as refused:
        smtplib.SMTP("127.0.0.1", port, timeout=10)
    assert refused.value.smtp_code == 421
    held[0].quit()
    held[1].quit()


def test_a_port_that_is_taken_is_said_once_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "AGAIN_SECONDS", 0.01)
    said: list[Any] = []
    monkeypatch.setattr(mailbox.log, "warning", lambda *args, **_kwargs: said.append(args))
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    number = int(taken.getsockname()[1])

    async def run() -> bool:
        stop = asyncio.Event()
        task = asyncio.create_task(mailbox.serve("mail.test", "127.0.0.1", number, stop))
        await asyncio.sleep(0.1)
        taken.close()
        for _time in range(500):
            await asyncio.sleep(0.01)
            if _answers(number):
                break
        stop.set()
        await task
        return True

    assert asyncio.run(run())
    assert len(said) == 1
