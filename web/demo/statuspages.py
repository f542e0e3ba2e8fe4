"""Demo data: the shop's public page with a year of history, and one that is for those who are signed in."""

from __future__ import annotations

import datetime as dt
import math

from incidents.choices import IncidentStatus
from incidents.models import Incident
from services.models import Service
from statuspage import actions as status
from statuspage.actions import PageSettings, Window, Words
from statuspage.actions.subscribers import add_subscriber
from statuspage.choices import Follows
from statuspage.models import Component, Notice, StatusPage
from teams.actor import Actor, actor_for
from web.demo.loader import Loaded, extra

# (group, name, services behind it)
_PARTS = (
    ("", "Web shop", ("storefront",)),
    ("", "Apps", ("mobile-api",)),
    ("Buying", "Checkout", ("checkout",)),
    ("Buying", "Card payments", ("payment-gateway",)),
    ("Finding", "Search", ("search",)),
    ("Finding", "Sign-in", ("authentication",)),
)
# (days ago, title, title in German, component, status, [(minutes, status, text)])
_PAST = (
    (
        331,
        "Orders were confirmed late",
        "Bestellungen wurden verspätet bestätigt",
        "Checkout",
        "degraded_performance",
        (
            (0, "investigating", "Confirmations of orders arrive late. Orders themselves are taken."),
            (34, "identified", "A queue was too small for the evening. We make it larger."),
            (71, "resolved", "All confirmations have been sent."),
        ),
    ),
    (
        262,
        "Search found nothing",
        "Die Suche fand nichts",
        "Search",
        "major_outage",
        (
            (0, "investigating", "Search answers with nothing at all. Categories and your lists work."),
            (18, "monitoring", "An index was replaced by an empty one; the old one is back."),
            (41, "resolved", "Search is complete again."),
        ),
    ),
    (
        188,
        "Apps could not be opened",
        "Apps ließen sich nicht öffnen",
        "Apps",
        "major_outage",
        (
            (0, "investigating", "The apps close while they start. The web shop works on phones too."),
            (22, "identified", "A setting the apps read at start was wrong. The old one is on its way."),
            (52, "resolved", "The apps open again; nothing has to be installed."),
        ),
    ),
    (
        121,
        "Slow pages in the web shop",
        "Langsame Seiten im Web-Shop",
        "Web shop",
        "partial_outage",
        (
            (0, "investigating", "Pages take more than ten seconds for every third visitor."),
            (47, "resolved", "One of our two data centres was cut off. Everything runs on both again."),
        ),
    ),
    (
        60,
        "Orders could not be placed",
        "Bestellungen waren nicht möglich",
        "Checkout",
        "major_outage",
        (
            (0, "investigating", "Orders fail at the last step. Baskets are kept."),
            (12, "identified", "The database of orders is being moved to its second machine."),
            (47, "resolved", "Orders can be placed again. We are sorry for the trouble."),
        ),
    ),
    (
        16,
        "Checkout unavailable",
        "Kasse nicht erreichbar",
        "Checkout",
        "major_outage",
        (
            (0, "investigating", "The checkout cannot be reached. We will say more within 30 minutes."),
            (31, "identified", "All connections to a database are taken. We let them go one by one."),
            (64, "monitoring", "The checkout works again; we keep watching it."),
            (88, "resolved", "The checkout has worked for 24 minutes without a fault."),
        ),
    ),
    (
        9,
        "Trouble signing in",
        "Probleme bei der Anmeldung",
        "Sign-in",
        "partial_outage",
        (
            (0, "investigating", "Every second sign-in fails. Who is signed in stays so."),
            (25, "identified", "A certificate had run out on one of two machines."),
            (61, "resolved", "Signing in works again for everybody."),
        ),
    ),
)


@extra
def shop_page(made: Loaded, now: dt.datetime) -> None:
    """The public page of the shop."""
    maya = actor_for(made.people["manager"])
    page = status.create_page(
        actor=made.actor,
        name="Harbour & Pine status",
        slug="shop",
        description="The web shop, the apps and everything behind them.",
        team_id=made.teams["checkout"].pk,
        time_zone="Europe/Berlin",
        languages=["en", "de", "fr"],
        now=now - dt.timedelta(days=371),
    )
    parts = _parts(maya, page, made, now - dt.timedelta(days=370))
    for days, title, german, name, state, words in _PAST:
        began = now - dt.timedelta(days=days, hours=3)
        status.backfill(
            actor=maya,
            page_id=page.pk,
            title=title,
            title_in={"de": german},
            updates=[(began + dt.timedelta(minutes=minutes), said, text) for minutes, said, text in words],
            impact={"major_outage": "critical", "partial_outage": "major"}.get(state, "minor"),
            statuses={parts[name].pk: state},
            now=now,
        )
    _past_work(maya, page, parts, now)
    _going_on(maya, page, parts, made, now)
    _figures(maya, page, now)
    _templates(maya, page)
    _subscribers(maya, page, parts)
    status.set_page(
        actor=maya,
        page_id=page.pk,
        settings=PageSettings(
            home_url="https://example.com/", support_url="https://example.com/help", accent="#1f6f5c"
        ),
        now=now,
    )


@extra
def partners_page(made: Loaded, now: dt.datetime) -> None:
    """A page for those who are signed in; one of its components follows checks, one follows incidents."""
    maya = actor_for(made.people["manager"])
    page = status.create_page(
        actor=made.actor,
        name="Partner interfaces",
        slug="partners",
        description="What our partners' systems talk to.",
        team_id=made.teams["checkout"].pk,
        time_zone="Europe/Berlin",
        now=now - dt.timedelta(days=90),
    )
    for name, slug, follows in (
        ("Orders interface", "checkout", Follows.CHECKS),
        ("Stock interface", "inventory-api", Follows.INCIDENTS),
    ):
        service = made.services.get(slug)
        status.add_component(
            actor=maya,
            page_id=page.pk,
            name=name,
            service_ids=[service.pk] if service else [],
            follows=follows,
            now=now - dt.timedelta(days=89),
        )
    status.set_page(actor=maya, page_id=page.pk, settings=PageSettings(access="signed_in"), now=now)


def _parts(maya: Actor, page: StatusPage, made: Loaded, then: dt.datetime) -> dict[str, Component]:
    groups: dict[str, int] = {}
    found: dict[str, Component] = {}
    for group, name, slugs in _PARTS:
        if group and group not in groups:
            groups[group] = status.add_group(actor=maya, page_id=page.pk, name=group, now=then).pk
        services: list[Service] = [made.services[slug] for slug in slugs]
        found[name] = status.add_component(
            actor=maya,
            page_id=page.pk,
            name=name,
            group_id=groups.get(group),
            service_ids=[row.pk for row in services],
            now=then,
        )
    return found


def _past_work(maya: Actor, page: StatusPage, parts: dict[str, Component], now: dt.datetime) -> None:
    """Work that was done at night, with its mark in the bars."""
    for days, title, name in (
        (74, "Search moves to newer machines", "Search"),
        (30, "Database upgrade", "Sign-in"),
    ):
        begins = (now - dt.timedelta(days=days)).replace(hour=2, minute=0, second=0, microsecond=0)
        ends = begins + dt.timedelta(hours=1)
        notice = status.create_notice(
            actor=maya,
            page_id=page.pk,
            title=title,
            words=Words(body="At night, for about an hour. It may be away for some minutes.", deliver=False),
            kind="maintenance",
            component_ids=[parts[name].pk],
            window=Window(starts_at=begins, ends_at=ends),
            now=begins - dt.timedelta(days=4),
        )
        for at, said, text in (
            (begins, "in_progress", "We have begun."),
            (ends, "completed", "Done, as planned."),
        ):
            part = Component.objects.get(pk=parts[name].pk)
            statuses = {part.pk: "under_maintenance"} if said == "in_progress" else {}
            words = Words(body=text, status=said, statuses=statuses, deliver=False)
            status.update_notice(actor=maya, notice_id=notice.pk, words=words, now=at)


def _going_on(
    maya: Actor, page: StatusPage, parts: dict[str, Component], made: Loaded, now: dt.datetime
) -> None:
    """The notice of the running payment outage, and work that is planned."""
    running = Incident.objects.filter(
        services=made.services["payment-gateway"],
        status__in=(IncidentStatus.INVESTIGATING, IncidentStatus.IDENTIFIED, IncidentStatus.MONITORING),
        visibility="open",
        kind="real",
    ).first()
    notice: Notice = status.create_notice(
        actor=maya,
        page_id=page.pk,
        title="Card payments fail for some customers",
        title_in={"de": "Kartenzahlungen schlagen für einige fehl"},
        words=Words(
            body="Some card payments fail at the moment. Your basket is kept; paying by invoice or wallet works.",
            body_in={
                "de": "Einige Kartenzahlungen schlagen fehl. Der Warenkorb bleibt; Rechnung und Wallet gehen."
            },
            statuses={parts["Card payments"].pk: "partial_outage"},
            next_update_at=now + dt.timedelta(minutes=5),
        ),
        incident_number=running.number if running else None,
        now=now - dt.timedelta(minutes=29),
    )
    status.update_notice(
        actor=maya,
        notice_id=notice.pk,
        words=Words(
            body="Our payment provider sees the same and is working on it. Cards of two banks are affected.",
            status="identified",
            next_update_at=now + dt.timedelta(minutes=22),
            eta_at=now + dt.timedelta(hours=2),
        ),
        now=now - dt.timedelta(minutes=11),
    )
    begins = (now + dt.timedelta(days=3)).replace(hour=1, minute=0, second=0, microsecond=0)
    status.create_notice(
        actor=maya,
        page_id=page.pk,
        title="Orders database upgrade",
        title_in={"de": "Aktualisierung der Bestelldatenbank"},
        words=Words(body="Orders are not taken for up to ten minutes. Baskets are kept."),
        kind="maintenance",
        component_ids=[parts["Checkout"].pk],
        window=Window(starts_at=begins, ends_at=begins + dt.timedelta(hours=1)),
        now=now - dt.timedelta(hours=5),
    )


def _figures(maya: Actor, page: StatusPage, now: dt.datetime) -> None:
    """A day of response times with a hill where the payments began to fail."""
    metric = status.add_metric(
        actor=maya, page_id=page.pk, name="Response time of the shop", suffix="ms", now=now
    )
    points = []
    for number in range(288):
        ago = number * 5
        hill = 140 * math.exp(-(((ago - 25) / 20) ** 2))
        points.append(
            (
                now - dt.timedelta(minutes=ago),
                round(182 + 26 * math.sin(ago / 170) + 9 * math.sin(ago) + hill, 1),
            )
        )
    status.push_points(actor=maya, metric_id=metric.pk, points=points, now=now)


def _templates(maya: Actor, page: StatusPage) -> None:
    for name, kind, title, body in (
        (
            "First word",
            "incident",
            "Trouble with {{ components }}",
            "We see trouble with {{ components }} and are looking into it. We will say more within 30 minutes.",
        ),
        (
            "A provider has trouble",
            "incident",
            "{{ components }} limited by a provider",
            "One of our providers has trouble, which you feel at {{ components }}. We are in touch with them.",
        ),
        (
            "Work at night",
            "maintenance",
            "Work on {{ components }}",
            "We work on {{ components }} at night. It may be away for some minutes.",
        ),
    ):
        status.save_template(actor=maya, page_id=page.pk, name=name, title=title, body=body, kind=kind)


def _subscribers(maya: Actor, page: StatusPage, parts: dict[str, Component]) -> None:
    """Some who hear of everything, some of a part, and a chat room; nothing that was said before is sent to them."""
    for address, kind, names in (
        ("ops@partner-one.example.com", "email", ()),
        ("status@retail-group.example.com", "email", ("Checkout", "Card payments")),
        ("kim.lee@customer.example.com", "email", ("Search",)),
        ("https://hooks.partner-two.example.com/status", "webhook", ()),
    ):
        add_subscriber(
            actor=maya,
            page_id=page.pk,
            address=address,
            kind=kind,
            component_ids=[parts[name].public_id for name in names],
            agreed=True,
        )
