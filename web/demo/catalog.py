"""What the demo company's catalog says beside names and edges: kinds, systems, vendors, agreements, access."""

from __future__ import annotations

import datetime as dt

from core import clock
from incidents.actions import edit_runbook, review_runbook
from incidents.models import Runbook
from services import actions
from services.choices import VendorIndicator
from services.models import AccessConfirmation, AccessItem, Environment, Vendor
from web.demo.loader import Loaded, extra

KINDS = {
    "storefront": "website",
    "mobile-api": "api",
    "inventory-api": "api",
    "orders-db": "database",
    "catalogue-db": "database",
    "session-cache": "cache",
    "event-bus": "queue",
    "card-processor": "vendor",
    "carrier-apis": "vendor",
    "email-receipts": "job",
    "price-feed": "job",
}
# slug, name, team, tier, what it is, (service it needs, kind)
_JOURNEYS = (
    (
        "place-an-order",
        "Place an order",
        "checkout",
        1,
        "A customer fills the basket, pays, and sees the confirmation.",
        (("storefront", "hard"), ("mobile-api", "soft"), ("email-receipts", "soft")),
    ),
    (
        "find-a-product",
        "Find a product",
        "catalogue",
        2,
        "A customer looks for something and sees price, picture and stock.",
        (("storefront", "hard"), ("search", "soft"), ("product-catalogue", "hard")),
    ),
)
_DOMAINS = (
    ("shop", "Shop", "Everything a customer sees and touches.", ""),
    ("money", "Money", "Cards, payouts, refunds.", ""),
    ("foundation", "Foundation", "What all teams stand on.", ""),
)
# slug, name, domain, team, services
_SYSTEMS = (
    (
        "web-shop",
        "Web shop",
        "shop",
        "checkout",
        ("storefront", "mobile-api", "checkout", "basket", "place-an-order"),
    ),
    ("orders", "Orders", "shop", "checkout", ("order-service", "shipping-quotes", "email-receipts")),
    (
        "product-data",
        "Product data",
        "shop",
        "catalogue",
        ("inventory-api", "product-catalogue", "search", "image-cdn"),
    ),
    ("card-payments", "Card payments", "money", "checkout", ("payment-gateway", "card-processor")),
    (
        "data-stores",
        "Data stores",
        "foundation",
        "platform",
        ("orders-db", "catalogue-db", "session-cache", "event-bus"),
    ),
)
_REGIONS = ["eu-central", "eu-west"]
_ACCESS = (
    ("Read the logs of production", "https://logs.example.com/app/production"),
    ("Open the dashboard and its last hour", "https://grafana.example.com/d/overview"),
    ("Roll back the last deployment", "https://deploy.example.com/"),
    ("Reach the card processor's support by phone", ""),
)

_RUNBOOKS = {
    "Connection pool used up": ("orders-db", "catalogue-db", "order-service", "checkout"),
    "Third-party provider down": ("payment-gateway", "card-processor", "shipping-quotes"),
    "Disk filling up": ("orders-db", "catalogue-db"),
    "Queue backlog growing": ("event-bus", "email-receipts"),
    "Sign-in failing for many": ("authentication",),
    "Database replica behind, or failover": ("orders-db",),
}


@extra
def load(made: Loaded, now: dt.datetime) -> None:
    """Runs once, after the past incidents."""
    _kinds(made)
    _structure(made)
    _fields(made)
    _vendors(made, now)
    _agreements(made)
    _access(made, now)
    _runbooks(made, now)


def refresh() -> None:
    """On each start: their status pages were read a moment ago."""
    now = clock.now()
    Vendor.objects.filter(status_url__endswith=".example").update(read_at=now - dt.timedelta(minutes=1))


def _kinds(made: Loaded) -> None:
    for slug, kind in KINDS.items():
        actions.update_service(actor=made.actor, service_id=made.services[slug].pk, kind=kind)
    for slug, name, team, tier, text, needs in _JOURNEYS:
        row = actions.create_service(
            actor=made.actor,
            slug=slug,
            name=name,
            team_id=made.teams[team].pk,
            tier=tier,
            kind="journey",
            description=text,
        )
        made.services[slug] = row
        for upstream, kind in needs:
            actions.set_dependency(
                actor=made.actor, downstream_id=row.pk, upstream_id=made.services[upstream].pk, kind=kind
            )


def _structure(made: Loaded) -> None:
    domains = {
        slug: actions.save_domain(actor=made.actor, slug=slug, new=True, name=name, description=text)
        for slug, name, text, _parent in _DOMAINS
    }
    for slug, name, domain, team, services in _SYSTEMS:
        system = actions.save_system(
            actor=made.actor,
            slug=slug,
            new=True,
            name=name,
            team_id=made.teams[team].pk,
            domain_id=domains[domain].pk,
        )
        for service in services:
            pk = made.services[service].pk
            actions.update_service(actor=made.actor, service_id=pk, system_id=system.pk)


def _fields(made: Loaded) -> None:
    actions.save_environments(actor=made.actor, names=[(None, "Production"), (None, "Staging")])
    production = Environment.objects.get(slug="production")
    actions.save_field(
        actor=made.actor,
        key="data_class",
        new=True,
        name="Data class",
        kind="choice",
        choices=["public", "internal", "personal", "cardholder"],
        help_text="The most sensitive data it holds or passes on.",
    )
    classes = {
        "checkout": "personal",
        "payment-gateway": "cardholder",
        "orders-db": "personal",
        "search": "public",
    }
    for slug, value in classes.items():
        actions.update_service(
            actor=made.actor,
            service_id=made.services[slug].pk,
            custom={"data_class": value},
            labels={"language": "python" if slug != "search" else "java", "customer-facing": ""},
            environments=[
                {
                    "environment_id": production.pk,
                    "regions": _REGIONS,
                    "url": f"https://{slug}.example.com/",
                }
            ],
            contacts=[
                {"part": "Product manager", "user_id": made.people["manager"].pk},
                {"part": "Channel", "value": f"#{slug}"},
            ],
        )
    for slug in ("card-processor", "carrier-apis", "orders-db", "catalogue-db", "session-cache", "event-bus"):
        actions.update_service(actor=made.actor, service_id=made.services[slug].pk, stands_alone=True)


def _vendors(made: Loaded, now: dt.datetime) -> None:
    """Addresses under `.example` lead nowhere, so nobody is asked: what they say stands as if it had been read."""
    said = {
        "card-processor": (
            VendorIndicator.MAJOR,
            "Partial System Outage",
            [{"name": "Authorisation, Europe", "status": "partial_outage"}],
            [
                {
                    "name": "Elevated time-outs on card authorisation",
                    "status": "investigating",
                    "impact": "major",
                    "url": "",
                    "at": (now - dt.timedelta(minutes=31)).isoformat(timespec="seconds"),
                }
            ],
        ),
        "carrier-apis": (VendorIndicator.NONE, "All Systems Operational", [], []),
    }
    for slug, (indicator, text, components, incidents) in said.items():
        row, _made = Vendor.objects.get_or_create(service=made.services[slug])
        row.status_url = f"https://status.{slug}.example"
        row.support = "+49 30 5550 0100, priority line" if slug == "card-processor" else "support portal"
        row.account = "SHOP-20417"
        row.indicator, row.description = indicator, text
        row.components, row.incidents = components, incidents
        row.read_at, row.changed_at = now, now - dt.timedelta(minutes=29)
        row.save()


def _agreements(made: Loaded) -> None:
    owed = {
        "name": "Master contract",
        "party": "The processor",
        "target": "99.95",
        "consequence": "10 % of the monthly fee back",
    }
    promised = {
        "name": "Merchant promise",
        "party": "Marketplace sellers",
        "target": "99.9",
        "zone": "Europe/Berlin",
    }
    actions.set_agreements(actor=made.actor, service_id=made.services["card-processor"].pk, rows=[owed])
    actions.set_agreements(
        actor=made.actor,
        service_id=made.services["checkout"].pk,
        rows=[{**promised, "counts_degraded": True}],
    )
    actions.set_agreements(actor=made.actor, service_id=made.services["payment-gateway"].pk, rows=[promised])


def _access(made: Loaded, now: dt.datetime) -> None:
    for slug in ("checkout", "payment-gateway"):
        items = actions.set_access_items(
            actor=made.actor,
            service_id=made.services[slug].pk,
            rows=[{"text": text, "url": url} for text, url in _ACCESS],
        )
        _tried(made, items, now)


def _runbooks(made: Loaded, now: dt.datetime) -> None:
    """The shipped ones at the services they fit; one was reviewed lately, one so long ago that it is stale."""
    for name, slugs in _RUNBOOKS.items():
        row = Runbook.objects.get(team=None, name=name)
        ids = [made.services[slug].pk for slug in slugs]
        edit_runbook(actor=made.actor, runbook_id=row.pk, service_ids=ids)
    for name, days in (("Third-party provider down", 12), ("Disk filling up", 400)):
        Runbook.objects.filter(team=None, name=name).update(published_at=now - dt.timedelta(days=410))
        row = Runbook.objects.get(team=None, name=name)
        review_runbook(actor=made.actor, runbook_id=row.pk, now=now - dt.timedelta(days=days))


def _tried(made: Loaded, items: list[AccessItem], now: dt.datetime) -> None:
    """One person has tried everything lately, one so long ago that it counts no more, one half of it."""
    ages = {"responder": (12, len(items)), "bo.tran": (140, len(items)), "manager": (30, 2)}
    for name, (days, count) in ages.items():
        AccessConfirmation.objects.bulk_create(
            AccessConfirmation(item=item, user=made.people[name], confirmed_at=now - dt.timedelta(days=days))
            for item in items[:count]
        )
