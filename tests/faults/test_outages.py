"""The whole product runs while its database or its broker goes away, and while it runs twice."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery import Celery
from django.db import connection
from django.db.models import Count, Q
from websockets.sync.client import connect

from alerts.models import Alert, IntakeItem
from config.launcher.process import end, wait_for
from core import clock
from core.crypto import digest
from core.live.publishing import CHANNEL
from incidents.models import Incident
from notifications.choices import Outcome
from notifications.models import Delivery, DeliveryAttempt
from oncall.models import EngineHeartbeat, EscalationPolicy, EscalationRun, PolicyStep, PolicyTarget
from statuspage import actions as status
from teams.actor import actor_for
from teams.models import User
from tests.factories import make_team, make_token, make_user
from tests.faults.mailserver import MailServer
from tests.faults.stack import Answer, Site
from tests.world import make_integration, make_service

pytestmark = pytest.mark.processes
Eventually = Callable[..., None]
PROGRAMS = ("web-1", "web-2", "work", "engine", "deliver", "beat", "watchdog")


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def site(mail: MailServer, django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    """Every program of the product; the models of this process work on its database."""
    # The database may have to run as another user, who must get into the folder.
    folder = Path(tempfile.mkdtemp(prefix="wb-faults-"))
    folder.chmod(0o711)
    # Without other files in the run there is no test database to copy.
    made_for_tests = connection.settings_dict["NAME"] != urlsplit(os.environ["DATABASE_URL"]).path[1:]
    source = dict(connection.settings_dict) if made_for_tests else None
    made = Site(folder, source, EMAIL_URL=mail.url)
    try:
        for name in PROGRAMS:
            made.run(name)
        with django_db_blocker.unblock(), made.as_default():
            assert wait_for(lambda: _ticked_by_worker_since(None), seconds=90), made.logs()
            assert wait_for(lambda: _healthy(made), seconds=60), made.logs()
            yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _healthy(site: Site) -> bool:
    """Whether a program takes requests: the socket alone would let them wait."""
    try:
        return site.post("/api/v1/intake/generic/unknown/", {"title": "?"}).status == 404
    except OSError:
        return False


def _ticked_by_worker_since(moment: dt.datetime | None) -> bool:
    rows = EngineHeartbeat.objects.exclude(ticked_by="watchdog")
    return (rows.filter(ticked_at__gt=moment) if moment else rows).exists()


def _no_longer_taken_over(eventually: Eventually) -> None:
    """Wait until beat and the engine do the ticks again."""
    back = clock.now()
    eventually(lambda: _ticked_by_worker_since(back), 60)


@dataclass
class Crew:
    """A team with a service and a policy whose steps page `people`, each at once by one mail."""

    key: str
    people: list[list[User]]

    @property
    def addresses(self) -> list[list[str]]:
        return [sorted(person.email for person in step) for step in self.people]

    def alert(self, site: Site, title: str, dedup_key: str = "") -> Answer:
        body = {"title": title, "dedup_key": dedup_key or title}
        return site.post(f"/api/v1/intake/generic/{self.key}/", body)


_crews = iter(range(1, 1000))


def make_crew(*, steps: int = 2, each: int = 1) -> Crew:
    """A crew of its own for each use: pages to a person in quick succession would be bundled."""
    name = f"Crew {next(_crews)}"
    people = [[make_user() for _person in range(each)] for _step in range(steps)]
    team = make_team(name, manager=people[0][0] if people else None)
    # Not the team's default, which the product makes by itself when it hears of the team.
    policy = EscalationPolicy.objects.create(team=team, name="In these steps")
    for position, persons in enumerate(people):
        step = PolicyStep.objects.create(policy=policy, position=position, delay_minutes=5)
        for person in persons:
            PolicyTarget.objects.create(step=step, type="user", user=person)
    slug = name.lower().replace(" ", "-")
    _row, key = make_integration(make_service(team, slug, escalation_policy=policy))
    return Crew(key, people)


def _run_of(title: str) -> EscalationRun:
    return EscalationRun.objects.get(subject_key=f"incident:{Incident.objects.get(title=title).number}")


def _pages_of(title: str) -> Counter[tuple[int, str]]:
    """(step, address) of every page of this incident."""
    return Counter(_run_of(title).pages.values_list("step", "user__email"))


def _rest(eventually: Eventually) -> None:
    """Wait until nothing is left to do and engine and deliver have looked once more."""
    eventually(
        lambda: (
            not IntakeItem.objects.filter(status="pending").exists()
            and not Delivery.objects.filter(
                status__in=["pending", "sending"], due_at__lte=clock.now()
            ).exists()
        ),
        60,
    )
    _no_longer_taken_over(eventually)


class Sender:
    """Three threads that post numbered alerts without a pause for longer than a twentieth of a second."""

    def __init__(self, site: Site, crew: Crew) -> None:
        self._site, self._crew = site, crew
        self.answers: list[tuple[float, float, str, Answer | OSError]] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(3)]

    def __enter__(self) -> Sender:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def statuses(self, *, sent_after: float = 0) -> list[int]:
        """Of what was sent after this moment, 0 for no answer, in the order of the answers."""
        return [
            answer.status if isinstance(answer, Answer) else 0
            for sent, _answered, _title, answer in list(self.answers)
            if sent > sent_after
        ]

    def _run(self, thread: int) -> None:
        number = 0
        while not self._stop.wait(0.05):
            number += 1
            title, sent = f"{thread}-{number}", time.monotonic()
            answer: Answer | OSError
            try:
                answer = self._crew.alert(self._site, title, "the same")
            except OSError as error:
                answer = error
            self.answers.append((sent, time.monotonic(), title, answer))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restarted", "crashed"])
def test_a_database_that_goes_away_loses_nothing_accepted_and_doubles_no_step(
    site: Site, mail: MailServer, eventually: Eventually, how: signal.Signals
) -> None:
    """Row 5. The watchdog stands still, so that the workers themselves have to come back."""
    crew, title = make_crew(), f"Due while {how.name}"
    noise = make_crew(steps=0)
    assert crew.alert(site, title).status == 202
    eventually(lambda: mail.told(title) == crew.addresses[0], 40)
    _rest(eventually)
    before = dict(site.running)
    with site.paused("watchdog"), Sender(site, noise) as sender:
        eventually(lambda: sender.statuses().count(202) > 10, 20)
        due = clock.now() + dt.timedelta(seconds=1)
        assert EscalationRun.objects.filter(pk=_run_of(title).pk).update(next_at=due) == 1
        connection.close()
        with site.without("postgres", how):
            gone = time.monotonic()
            eventually(lambda: len(sender.statuses(sent_after=gone)) >= 4 and clock.now() > due, 40)
            returning = time.monotonic()
        eventually(lambda: sender.statuses(sent_after=returning)[-20:] == [202] * 20, 60)
        eventually(lambda: len(mail.told(title)) > 1, 60)
    _rest(eventually)

    _check_answers(sender, noise, in_doubt=3)
    meanwhile = [each for each in sender.answers if gone < each[0] and each[1] < returning]
    assert meanwhile
    assert {answer.status for *_times, answer in meanwhile if isinstance(answer, Answer)} == {503}
    titles = [title for _sent, _answered, title, _answer in meanwhile]
    items = IntakeItem.objects.filter(integration__key_digest=digest(noise.key))
    assert not items.filter(raw__title__in=titles).exists()
    assert mail.told(title) == [*crew.addresses[0], *crew.addresses[1]]
    assert _pages_of(title) == {(0, crew.addresses[0][0]): 1, (1, crew.addresses[1][0]): 1}
    assert {**before, "postgres": None} == {**site.running, "postgres": None}
    assert [name for name in PROGRAMS if site.running[name].poll() is not None] == []


def test_connections_cut_again_and_again_lose_nothing_accepted(
    site: Site, mail: MailServer, eventually: Eventually
) -> None:
    """Row 5, without a restart: the server ends every connection but this test's, five times."""
    crew, noise = make_crew(), make_crew(steps=0)
    with site.paused("watchdog"), Sender(site, noise) as sender:
        for number in range(5):
            eventually(lambda: sender.statuses()[-9:] == [202] * 9, 20)
            with connection.cursor() as cursor:
                cursor.execute(_CUT)
            if number == 2:
                eventually(lambda: crew.alert(site, "While cut").status == 202, 20)
        eventually(lambda: mail.told("While cut") == crew.addresses[0], 40)
    _rest(eventually)
    _check_answers(sender, noise, in_doubt=15)
    assert _pages_of("While cut") == {(0, crew.addresses[0][0]): 1}


_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def _check_answers(sender: Sender, crew: Crew, *, in_doubt: int) -> None:
    """Everything accepted is stored, once, and was processed into one alert; what was refused says when to
    try again. `in_doubt`: so many commits may have been cut off, when nobody knows whether they took place.
    """
    items = IntakeItem.objects.filter(integration__key_digest=digest(crew.key))
    stored = Counter(str(each) for each in items.values_list("request_id", flat=True))
    assert set(stored.values()) == {1}
    accepted: set[str] = set()
    for _sent, _answered, _title, answer in sender.answers:
        assert isinstance(answer, Answer), f"no answer: {answer!r}"
        assert answer.status in (202, 503), answer
        if answer.status == 202:
            accepted.add(answer.body["request_id"])
        else:
            assert int(answer.headers["retry-after"]) > 0
    assert accepted <= set(stored)
    assert len(stored) <= len(accepted) + in_doubt
    assert items.filter(status="done").count() == len(stored)
    assert Alert.objects.get(integration__key_digest=digest(crew.key)).count == len(stored)


@dataclass
class Listener:
    """A live socket on an incident, and somebody who writes notes there."""

    site: Site
    number: int
    token: str
    socket: Any

    def hears(self, text: str) -> bool:
        """Write a note; whether it comes out of the socket within ten seconds."""
        path = f"/api/v1/incidents/{self.number}/add-note/"
        assert self.site.post(path, {"text": text}, token=self.token).status == 201
        try:
            while text not in json.loads(self.socket.recv(10)).get("html", ""):
                pass
        except TimeoutError:
            return False
        return True


@pytest.fixture
def listener(site: Site, eventually: Eventually) -> Iterator[Listener]:
    crew = make_crew()
    person = crew.people[0][0]
    assert crew.alert(site, f"Watched by {person.name}").status == 202
    eventually(lambda: Incident.objects.filter(title=f"Watched by {person.name}").exists(), 40)
    number = Incident.objects.get(title=f"Watched by {person.name}").number
    _row, token = make_token(person)
    protocols: Any = ["bearer", token]
    with connect(f"ws://127.0.0.1:{site.port}/ws/", subprotocols=protocols) as socket:
        socket.send(json.dumps({"subscribe": f"incident:{number}"}))
        assert json.loads(socket.recv(10))["subscribed"]
        yield Listener(site, number, token, socket)


def test_a_broker_that_goes_away_and_comes_back(
    site: Site, mail: MailServer, eventually: Eventually, listener: Listener
) -> None:
    """Row 4: the watchdog pages meanwhile; afterwards all go on as they are, and live does too."""
    crew = make_crew()
    before = dict(site.running)
    assert listener.hears("While all is well")
    eventually(lambda: _hubs(site) == 1, 20)
    with site.without("valkey", signal.SIGKILL):
        assert crew.alert(site, "Nobody was woken").status == 202
        eventually(lambda: mail.told("Nobody was woken") == crew.addresses[0], 30)
        assert EngineHeartbeat.objects.get().ticked_by == "watchdog"
        assert listener.hears("Without a broker")

    _no_longer_taken_over(eventually)
    eventually(lambda: _hubs(site) == 1, 30)
    with site.paused("watchdog"):
        assert crew.alert(site, "They are back").status == 202
        eventually(lambda: mail.told("They are back") == crew.addresses[0], 40)
    with site.redis() as client, client.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(CHANNEL)
        assert listener.hears("With the new broker")
        eventually(lambda: b"With the new broker" in ((channel.get_message() or {}).get("data") or b""), 10)
    assert {**before, "valkey": None} == {**site.running, "valkey": None}
    assert [name for name in PROGRAMS if site.running[name].poll() is not None] == []


def _hubs(site: Site) -> int:
    """Web processes that listen at the broker: those with a socket."""
    with site.redis() as client:
        return int(client.pubsub_numsub(CHANNEL)[0][1])


def test_a_broker_that_forgets_everything(
    site: Site, mail: MailServer, eventually: Eventually, listener: Listener
) -> None:
    """Row 4: flushed again and again between the alerts; the workers alone page for each, once."""
    crews = [make_crew() for _each in range(5)]
    _rest(eventually)
    with site.paused("watchdog"), site.redis() as client:
        for crew in crews:
            assert crew.alert(site, f"Flushed {crew.key}").status == 202
            client.flushall()
        eventually(lambda: all(mail.told(f"Flushed {crew.key}") for crew in crews), 40)
        _rest(eventually)
        assert listener.hears("After the flush")
    assert [mail.told(f"Flushed {crew.key}") for crew in crews] == [crew.addresses[0] for crew in crews]


def test_two_beats_and_two_engines_page_as_often_as_one_of_each(
    site: Site, mail: MailServer, eventually: Eventually
) -> None:
    """Row 7."""
    alone = _wave(site, mail, eventually, "Alone")
    assert alone == {
        (alert, step, person): 1 for alert in range(4) for step in range(2) for person in range(3)
    }
    for name in ("beat", "engine"):
        site.run(name, known_as=f"{name}-2")
    with site.paused("beat", "engine"):
        _no_longer_taken_over(eventually)
    assert _wave(site, mail, eventually, "Together") == alone


def _wave(site: Site, mail: MailServer, eventually: Eventually, word: str) -> Counter[tuple[int, int, int]]:
    """Four incidents through two steps, the second due for all at the same moment.

    Counts (alert, step, person) of the pages, after checking that one message for each went out. A call
    that got no answer in time is made again with the same Message-ID (tests/faults/test_crashes.py), which
    a stalled machine may cause; nothing else may send a message twice.
    """
    crew = make_crew(steps=2, each=3)
    titles = [f"{word} {number}" for number in range(4)]
    for title in titles:
        assert crew.alert(site, title).status == 202
    eventually(lambda: all(len(mail.told(title)) >= 3 for title in titles), 40)
    _rest(eventually)
    runs = EscalationRun.objects.filter(pk__in=[_run_of(title).pk for title in titles])
    assert runs.update(next_at=clock.now()) == 4
    # More at once than beats would ever send, so that all threads of all workers look together.
    broker = Celery("test", broker=site.redis_url, set_as_current=False)
    for task, queue in [("oncall.tick", "engine"), ("notifications.send_due", "deliver")] * 40:
        broker.send_task(task, queue=queue)
    broker.close()
    eventually(lambda: all(len(mail.told(title)) >= 6 for title in titles), 40)
    _rest(eventually)
    places = {
        person.email: (step, place)
        for step, people in enumerate(crew.people)
        for place, person in enumerate(people)
    }
    pages: Counter[tuple[int, int, int]] = Counter()
    for number, title in enumerate(titles):
        messages = Counter(mail.messages(title))
        assert Counter(address for address, _message in messages) == dict.fromkeys(places, 1)
        assert messages == _unanswered_and_last(title, messages)
        for (step, address), count in _pages_of(title).items():
            assert places[address][0] == step
            pages[number, step, places[address][1]] += count
    return pages


def _unanswered_and_last(title: str, messages: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How often each message had to be handed over: once, and once more for each call without an answer."""
    accepted = Q(outcome=Outcome.ACCEPTED)
    calls = {
        address: (total, done)
        for address, total, done in DeliveryAttempt.objects.filter(
            delivery__source=f"run:{_run_of(title).pk}", delivery__channel="email"
        )
        .values_list("delivery__address")
        .annotate(total=Count("pk"), done=Count("pk", filter=accepted))
    }
    assert {done for _total, done in calls.values()} == {1}
    return {(address, message): calls[address][0] for address, message in messages}


def test_the_public_page_outlives_database_and_broker(site: Site, eventually: Eventually) -> None:
    """Row 32: customers read the page and its JSON while both are gone, also from a web program started meanwhile."""
    keeper = make_user("Page keeper")
    team = make_team("Page keepers", manager=keeper)
    actor = actor_for(keeper)
    page = status.create_page(actor=actor, name="Stays up", slug="stays-up", team_id=team.pk)
    words = status.Words(body="We are looking into it.")
    notice = status.create_notice(actor=actor, page_id=page.pk, title="Orders fail", words=words)
    paths = ("", "api/v2/summary.json", f"incidents/{notice.public_id}/", "history.atom")

    def shown() -> list[int]:
        return [site.read(f"/status/stays-up/{path}", "Orders fail") for path in paths * 4]

    for other in ("web-1", "web-2"):
        with site.paused(other):
            eventually(lambda: set(shown()) == {200}, 20)
    with site.without("valkey", signal.SIGKILL), site.without("postgres", signal.SIGQUIT):
        assert set(shown()) == {200}
        for name in ("web-1", "web-2"):
            end(site.running[name], signal.SIGKILL, seconds=5)
        site.run("web-1")
        eventually(lambda: site.read("/status/stays-up/", "Orders fail") == 200, 60)
        assert set(shown()) == {200}
    site.run("web-2")
    connection.close()
    status.update_notice(
        actor=actor, notice_id=notice.pk, words=status.Words(body="Over.", status="resolved")
    )
    eventually(lambda: {site.read("/status/stays-up/history/", "Over.") for _each in range(8)} == {200}, 30)
