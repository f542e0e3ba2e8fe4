"""Whoever reads a page in German reads no English: every public word is in every catalogue, and comes out."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from gettext import GNUTranslations
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import time_machine
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.test import Client
from django.utils import translation
from django.utils.translation.template import templatize

import statuspage
from notifications.transports.webhook.address import check_url
from statuspage import actions
from statuspage.actions import PageSettings
from statuspage.building.bars import percent
from statuspage.building.html import Pages, widget
from statuspage.building.load import load
from statuspage.choices import Language, SubscriberState
from statuspage.fanout.hooks import slack
from statuspage.fanout.letters import about, question
from statuspage.fanout.news import read
from statuspage.models import StatusPage, SubscriberMessage
from statuspage.subscribers import links as subscriber_links
from tests.statuspage.subscribing import ORIGIN, subscriber
from tests.statuspage.support import make_page, say, tell
from tests.world import World, make_world

ROOM = Path(statuspage.__file__).parent
LANGUAGES = [code for code in Language.values if code != "en"]
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)

_CODE = (
    "building/*.py",
    "choices.py",
    "actions/maintenance.py",
    "fanout/*.py",
    "views/subscribe.py",
    "views/private.py",
    "forms/subscribers.py",
    "proposals.py",
    "subscribers/addresses.py",
)
_TEMPLATES = (
    "templates/statuspage/public/*",
    "templates/statuspage/subscribe/*",
    "templates/statuspage/emails/*",
)
_KEYWORDS: Any = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
# Sentences of the lower floor that a subscriber may read.
_OF_ADDRESSES = [
    "no web address",
    "https://ada:secret@example.com/",
    "https://example.com/ä",
    "http://[",
]
# Words of the same files that only members of the team read: that side is English.
_INSIDE = frozenset(
    {
        *("Set by hand", "Incident impact", "Checks"),
        *("Everybody", "Whoever knows the password", "Whoever is signed in", "Incident"),
        *("Waiting for approval", "Published", "Sent back"),
        *("Once", "Every day", "Every week", "Every two weeks", "Every month"),
        *("Slack", "Microsoft Teams", "Not confirmed", "Active", "Address does not exist"),
        *("Update of a notice", "Planned work begins soon", "Component status"),
        *("Waiting", "Being sent", "Sent", "Failed", "Not wanted any more"),
        *("Kind", "Address", "A mail address, or the web address of the hook."),
        "They have agreed to get these mails",
        "Without the tick the address is asked first. Who has unsubscribed is asked in any case.",
        *("Paste rows", "Or choose a CSV file", "At most 5 MB.", "Paste rows or choose a file."),
        "The first line names the columns: email (or address), kind, components, language.",
        *("Without the tick every mail address is asked first.", "The file is not UTF-8 text."),
    }
)
_PLACE = re.compile(r"%\(\w+\)[sd]|%%")
Key = tuple[str, str, str]


def public_words() -> dict[Key, str]:
    """(context, text, plural) of every public message → the file it was found in first."""
    found: dict[Key, str] = {}
    for pattern in (*_CODE, *_TEMPLATES):
        for path in sorted(ROOM.glob(pattern)):
            text = path.read_text()
            source = text if path.suffix == ".py" else templatize(text, origin=str(path))
            for _line, message, _comments, context in extract(
                "python", io.BytesIO(source.encode()), _KEYWORDS
            ):
                text, plural = message if isinstance(message, tuple) else (message, "")
                if text not in _INSIDE:
                    found.setdefault((context or "", text, plural), path.relative_to(ROOM).as_posix())
    for address in _OF_ADDRESSES:
        found[("", check_url(address), "")] = "subscribers/addresses.py"
    return found


def catalogue(language: str) -> Catalog:
    with (ROOM / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def key_of(message: Message) -> Key:
    text, plural = message.id if isinstance(message.id, tuple) else (message.id, "")
    return message.context or "", text, plural


def texts(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def test_what_only_the_team_reads_is_named_exactly() -> None:
    source = "".join(path.read_text() for pattern in _CODE for path in ROOM.glob(pattern))
    assert [text for text in _INSIDE if f'"{text}"' not in source] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_public_word_is_in_the_catalogue(language: str) -> None:
    found = {key_of(message): message for message in catalogue(language) if message.id}
    wanted = public_words()
    assert {"missing": wanted.keys() - found.keys(), "unused": found.keys() - wanted.keys()} == {
        "missing": set(),
        "unused": set(),
    }
    plurals = catalogue(language).num_plurals
    for key, message in found.items():
        assert not message.fuzzy, key
        assert len(texts(message)) == (plurals if key[2] else 1), key
        for text in texts(message):
            assert text.strip(), key
            assert sorted(_PLACE.findall(text)) == sorted(_PLACE.findall(key[1])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    with (ROOM / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        there, wanted = _content(file), _content(compiled)
    assert there == wanted, "make messages"


def _content(file: Any) -> dict[Any, Any]:
    """What programs read of a compiled catalogue: texts by key, and the rule of its plurals."""
    found = GNUTranslations(file)
    return {**found._catalog, "": "", "plural": found.info()["plural-forms"]}  # type: ignore[attr-defined] # no other way in


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_other_catalogue_stands_before_ours(language: str) -> None:
    with translation.override(language):
        for message in catalogue(language):
            context, text, plural = key_of(message)
            if not text:
                continue
            if plural:
                said = [translation.ngettext(text, plural, count) for count in (1, 2)]
                wanted = [texts(message)[0], texts(message)[-1]]
            else:
                one = translation.pgettext(context, text) if context else translation.gettext(text)
                said, wanted = [one], texts(message)
            assert said == wanted


class _Reader(HTMLParser):
    """What a person sees or hears of a page, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: set[str] = set()
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._silent += tag in ("script", "style")
        for name in ("aria-label", "alt", "title", "placeholder"):
            if tag != "link":
                self._keep(given.get(name) or "")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._keep(data)

    def _keep(self, text: str) -> None:
        text = " ".join(re.sub(r"https?://\S*", "", text).split())
        if any(letter.isalpha() for letter in text):
            self.pieces.add(text)


# Names and texts that people wrote, what no person sees, and what every language calls the same.
_SAME = frozenset(
    {
        *("Shop", "Website", "API", "Search", "Latency", "A part customers know", "Mail", "Orders fail"),
        *("Database upgrade", "Move", "Slow pages", "We look into it.", "More.", "Over.", "Working on it."),
        *(str(label) for label in Language.labels),
        *("Atom", "RSS", "JSON", "a…@example.com", "UTC"),
    }
)


def pieces(html: str) -> set[str]:
    reader = _Reader()
    reader.feed(html)
    found = {piece.removesuffix(" · Shop") for piece in reader.pieces}
    return found - _SAME


def full_page(world: World) -> StatusPage:
    """A page with something in every place."""
    with time_machine.travel(NOW - 30 * HOUR, tick=False):
        page = make_page(world, parts=("Website", "API", "Search", "Mail", "Shop", "Latency"))
    by = world.actor("ada")
    actions.set_page(actor=by, page_id=page.pk, settings=PageSettings(languages=Language.values))
    parts = list(page.components.order_by("pk"))
    for row, status in zip(
        parts,
        ("major_outage", "partial_outage", "degraded_performance", "under_maintenance", "partial_outage"),
        strict=False,
    ):
        actions.set_component_status(actor=by, component_id=row.pk, status=status, now=NOW - 3 * HOUR)
    open_one = tell(
        world, page, now=NOW, impact="critical", next_update_at=NOW + HOUR, eta_at=NOW + 2 * HOUR,
        status="identified",
    )  # fmt: skip
    for number, status in enumerate(("identified", "monitoring", "investigating"), start=1):
        say(world, open_one, status=status, now=NOW + dt.timedelta(minutes=number), next_update_at=NOW + HOUR)
    slow = tell(world, page, title="Slow pages", component_ids=[], impact="none", now=NOW - 30 * HOUR)
    say(world, slow, "Over.", status="resolved", now=NOW - 29 * HOUR)
    for title, begins in (("Database upgrade", HOUR), ("Move", 24 * HOUR)):
        window = actions.Window(starts_at=NOW + begins, ends_at=NOW + begins + HOUR)
        tell(world, page, title=title, kind="maintenance", window=window, now=NOW, component_ids=[])
    actions.work_due(NOW + HOUR)
    metric = actions.add_metric(actor=by, page_id=page.pk, name="Latency", suffix="ms", now=NOW)
    actions.add_metric(actor=by, page_id=page.pk, name="Search", now=NOW)
    actions.push_points(actor=by, metric_id=metric.pk, points=[(NOW, 1234.7)], now=NOW)
    page.refresh_from_db()
    return page


def documents(page: StatusPage, language: str) -> Iterator[tuple[str, str]]:
    """Everything the public reads in one language, with a name."""
    page.languages = [language, *(code for code in Language.values if code != language)]
    page.save(update_fields=["languages"])
    loaded = load(page, NOW + HOUR)
    pages = Pages(loaded, language)
    yield "index", pages.index().decode()
    yield "history", pages.history("2026-q4").decode()
    yield "uptime", pages.uptime().decode()
    yield "missing", pages.missing().decode()
    yield "widget", widget(loaded).decode()
    for notice in loaded.notices:
        yield notice.title, pages.notice(notice).decode()
    yield from _mails(page)
    yield from _forms(page)


def _mails(page: StatusPage) -> Iterator[tuple[str, str]]:
    announcement = page.announcements.filter(kind="update", update__next_update_at__isnull=False).first()
    assert announcement is not None
    news = read([announcement])[announcement.pk]
    row = subscriber(page, language=page.languages[0])
    message = SubscriberMessage(subscriber=row, announcement=announcement)
    letter = about(message, news)
    yield "mail", f"<p>{letter.subject}</p>{letter.html}"
    yield "mail as text", "".join(f"<p>{line}</p>" for line in letter.text.splitlines())
    yield "Slack", "".join(f"<p>{each}</p>" for each in _words(slack(news, row)))
    yield "known", question(message).html
    row.state = SubscriberState.PENDING
    asked = question(message)
    yield "question", f"<p>{asked.subject}</p>{asked.html}"
    row.delete()


def _words(body: Any) -> Iterator[str]:
    if isinstance(body, dict):
        for name, value in body.items():
            yield from _words(value) if name not in ("type", "url") else ()
    elif isinstance(body, list):
        for value in body:
            yield from _words(value)
    elif isinstance(body, str):
        yield from re.sub(r"<\S+\|([^>]*)>", r"\1", body).splitlines()


def _forms(page: StatusPage) -> Iterator[tuple[str, str]]:
    row = subscriber(page, "ada@example.com", language=page.languages[0])
    client, root = Client(), f"/status/{page.slug}"
    token = subscriber_links.form_token(page)

    def post(path: str, **data: str) -> str:
        return client.post(f"{root}/{path}", data, headers={"origin": ORIGIN}).content.decode()

    yield "form", client.get(f"{root}/subscribe/").content.decode()
    yield "faults", post("subscribe/", token=token, email="nobody")
    yield "wrong hook", post("subscribe/", token=token, email="a@example.com", kind="webhook", url="ftp://x")
    yield "foreign form", post("subscribe/", token="x", email="a@example.com")
    yield "empty form", post("subscribe/", token=token)
    yield "asked", post("subscribe/", token=token, email="new@example.com")
    manage = subscriber_links.manage_url(page, row).partition(root)[2][1:]
    stop = subscriber_links.unsubscribe_url(page, row).partition(root)[2][1:]
    yield "choices", client.get(f"{root}/{manage}").content.decode()
    yield "saved", post(manage)
    yield "confirm", client.get(subscriber_links.confirm_url(page, row).partition(ORIGIN)[2]).content.decode()
    yield "stop", client.get(f"{root}/{stop}").content.decode()
    yield "ended", post(stop)
    StatusPage.objects.filter(pk=page.pk).update(access="password", password="x")
    yield "unlock", client.get(f"{root}/unlock/").content.decode()
    yield "wrong password", post("unlock/", token=token, password="no")
    StatusPage.objects.filter(pk=page.pk).update(access="public")
    row.delete()


# A moment, a column of the uptime page, a month of the history, and a number.
_WRITTEN = {
    "de": {"20. Nov. 2026, 12:00", "Nov. 2026", "November 2026", "1.235 ms"},
    "es": {"20 nov 2026, 12:00", "nov 2026", "noviembre de 2026"},
    "fr": {"20 nov. 2026 à 12:00", "nov. 2026", "novembre 2026"},
    "ja": {"2026年11月20日 12:00", "2026年11月", "1,235 ms"},
}
_WRITTEN_ALIKE = {"de": {"November 2026"}, "ja": {"1,235 ms", "1,235 ms – 1,235 ms"}}


@pytest.mark.django_db
def test_a_page_in_each_language_has_no_english_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.ratelimit.take", lambda *_args, **_options: 0)
    page = full_page(make_world())
    english = {name: pieces(html) for name, html in documents(page, "en")}
    seen = set().union(*english.values())
    for known in ("Happening now", "Impact: Critical", "Planned work under way", "No data", "Subscribe"):
        assert known in seen
    for language in LANGUAGES:
        same = {str(message.string) for message in catalogue(language) if message.id == message.string}
        same |= _WRITTEN_ALIKE.get(language, set())
        told = {name: pieces(html) for name, html in documents(page, language)}
        left = {name: (found & english[name]) - same for name, found in told.items()}
        assert {name: found for name, found in left.items() if found} == {}, language
        assert _WRITTEN[language] - set().union(*told.values()) == set(), sorted(set().union(*told.values()))


@pytest.mark.parametrize(
    ("language", "share"),
    [("en", "99.80 %"), ("de", "99,80 %"), ("es", "99,80 %"), ("fr", "99,80 %"), ("ja", "99.80 %")],
)
def test_shares_as_the_language_writes_them(language: str, share: str) -> None:
    with translation.override(language):
        assert (percent(0.998), percent(1.0)) == (share, "100 %")


@pytest.mark.django_db
def test_what_is_said_by_itself_is_said_in_every_language_of_the_page() -> None:
    world = make_world()
    page = make_page(world)
    settings = PageSettings(languages=["de", "fr", "en"], time_zone="Europe/Berlin")
    actions.set_page(actor=world.actor("ada"), page_id=page.pk, settings=settings)
    window = actions.Window(starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    work = tell(world, page, title="Umzug", kind="maintenance", window=window, now=NOW)
    actions.move_work(actor=world.actor("ada"), notice_id=work.pk, ends_at=NOW + 3 * HOUR, now=NOW)
    actions.cancel_work(actor=world.actor("ada"), notice_id=work.pk, now=NOW + dt.timedelta(minutes=1))
    called_off, moved, _first = work.updates.all()
    assert (called_off.body, sorted(called_off.body_in)) == (
        "Diese geplanten Arbeiten finden nicht statt.",
        ["en", "fr"],
    )
    assert moved.body == (
        "Der Zeitraum hat sich geändert: 20. Nov. 2026, 14:00 bis 20. Nov. 2026, 16:00 (Europe/Berlin)."
    )
    assert moved.body_in["en"] == (
        "The time has changed: from 20 Nov 2026, 14:00 to 20 Nov 2026, 16:00 (Europe/Berlin)."
    )
