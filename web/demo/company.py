"""Who works at the demo company and what it runs. Plain data."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "watchbill"  # noqa: S105 - printed at start, and only where DEMO and DEBUG are on


@dataclass(frozen=True)
class Person:
    """`login`: may sign in with the demo password. `teams`: team slug → role."""

    email: str
    name: str
    zone: str
    teams: dict[str, str]
    login: bool = False
    admin: bool = False
    support: bool = False


B, N, S = "Europe/Berlin", "America/New_York", "Asia/Singapore"

PEOPLE = (
    Person("admin@example.com", "Robin Keller", B, {"platform": "manager"}, login=True, admin=True),
    Person(
        "manager@example.com", "Maya Okafor", B, {"checkout": "manager", "catalogue": "manager"}, login=True
    ),
    Person("responder@example.com", "Ada Lindqvist", B, {"checkout": "responder"}, login=True),
    Person("support@example.com", "Sam Ortiz", N, {}, login=True, support=True),
    Person("stranger@example.com", "Noa Fischer", B, {}, login=True),
    Person("bo.tran@example.com", "Bo Tran", S, {"checkout": "responder", "payments": "responder"}),
    Person("priya.nair@example.com", "Priya Nair", S, {"payments": "manager"}),
    Person("jonas.weber@example.com", "Jonas Weber", B, {"payments": "responder"}),
    Person("grace.kim@example.com", "Grace Kim", N, {"payments": "responder"}),
    Person("leo.marchetti@example.com", "Leo Marchetti", B, {"platform": "responder"}),
    Person("tess.walker@example.com", "Tess Walker", N, {"platform": "responder"}),
    Person("wei.zhang@example.com", "Wei Zhang", S, {"platform": "responder", "catalogue": "responder"}),
    Person("ines.costa@example.com", "Inês Costa", B, {"catalogue": "responder"}),
    Person("omar.haddad@example.com", "Omar Haddad", N, {"catalogue": "responder", "checkout": "observer"}),
    Person("freya.holm@example.com", "Freya Holm", B, {"platform": "observer"}),
)

# slug, name, visibility, what it looks after
TEAMS = (
    ("checkout", "Checkout", "organisation", "From basket to confirmed order."),
    ("payments", "Payments", "members", "Card data, payouts and fraud. Members only."),
    ("platform", "Platform", "organisation", "Databases, queues, edge and identity."),
    ("catalogue", "Catalogue", "organisation", "Products, stock, search and pictures."),
)

# slug, name, team, tier, what it is
SERVICES = (
    ("storefront", "Storefront", "checkout", 1, "The shop's web site."),
    ("mobile-api", "Mobile API", "checkout", 1, "Everything the apps talk to."),
    ("checkout", "Checkout", "checkout", 1, "Basket, addresses, order placement."),
    ("basket", "Basket", "checkout", 2, "Holds baskets for signed-in and guest customers."),
    ("order-service", "Orders", "checkout", 1, "The record of every order."),
    ("shipping-quotes", "Shipping quotes", "checkout", 2, "Asks carriers for prices and dates."),
    ("email-receipts", "E-mail receipts", "checkout", 3, "Confirmation mails."),
    ("payment-gateway", "Payment gateway", "checkout", 1, "Our side of the card processor."),
    ("fraud-check", "Fraud check", "payments", 2, "Scores each payment."),
    ("card-vault", "Card vault", "payments", 1, "Tokens instead of card numbers."),
    ("payouts", "Payouts", "payments", 2, "Money to marketplace sellers."),
    ("refunds", "Refunds", "payments", 3, "Returns money to customers."),
    ("inventory-api", "Inventory API", "catalogue", 1, "How many are left, and where."),
    ("product-catalogue", "Product catalogue", "catalogue", 1, "Names, prices, descriptions."),
    ("search", "Search", "catalogue", 2, "Full-text search over the catalogue."),
    ("recommendations", "Recommendations", "catalogue", 3, "What others bought."),
    ("image-cdn", "Picture delivery", "catalogue", 2, "Product pictures in every size."),
    ("price-feed", "Price feed", "catalogue", 3, "Prices for comparison sites."),
    ("authentication", "Authentication", "platform", 1, "Sign-in, sessions, passwords."),
    ("orders-db", "Orders database", "platform", 1, "PostgreSQL cluster behind orders."),
    ("catalogue-db", "Catalogue database", "platform", 1, "PostgreSQL cluster behind the catalogue."),
    ("session-cache", "Session cache", "platform", 2, "Redis for sessions and baskets."),
    ("event-bus", "Event bus", "platform", 2, "Carries order and stock events."),
    ("card-processor", "Card processor (vendor)", "platform", 1, "The bank side; contract 99.95 %."),
    ("carrier-apis", "Carrier APIs (vendor)", "platform", 3, "Parcel carriers."),
)

# downstream, upstream, kind
EDGES = (
    ("storefront", "checkout", "hard"),
    ("storefront", "product-catalogue", "hard"),
    ("storefront", "search", "soft"),
    ("storefront", "recommendations", "soft"),
    ("storefront", "image-cdn", "soft"),
    ("storefront", "authentication", "soft"),
    ("mobile-api", "checkout", "hard"),
    ("mobile-api", "product-catalogue", "hard"),
    ("mobile-api", "authentication", "hard"),
    ("checkout", "basket", "hard"),
    ("checkout", "order-service", "hard"),
    ("checkout", "payment-gateway", "hard"),
    ("checkout", "inventory-api", "hard"),
    ("checkout", "shipping-quotes", "soft"),
    ("checkout", "authentication", "hard"),
    ("basket", "session-cache", "hard"),
    ("order-service", "orders-db", "hard"),
    ("order-service", "event-bus", "soft"),
    ("email-receipts", "event-bus", "hard"),
    ("shipping-quotes", "carrier-apis", "hard"),
    ("payment-gateway", "card-vault", "hard"),
    ("payment-gateway", "fraud-check", "soft"),
    ("payment-gateway", "card-processor", "hard"),
    ("payouts", "card-processor", "hard"),
    ("refunds", "payment-gateway", "hard"),
    ("refunds", "order-service", "hard"),
    ("inventory-api", "catalogue-db", "hard"),
    ("inventory-api", "event-bus", "soft"),
    ("product-catalogue", "catalogue-db", "hard"),
    ("search", "catalogue-db", "soft"),
    ("recommendations", "event-bus", "soft"),
    ("price-feed", "product-catalogue", "hard"),
    ("authentication", "session-cache", "hard"),
    ("authentication", "orders-db", "soft"),
)

# name, kind, service
INTEGRATIONS = (
    ("Prometheus, production", "alertmanager", "checkout"),
    ("Grafana, shop dashboards", "grafana", "inventory-api"),
    ("Own scripts", "generic", "payment-gateway"),
    ("Synthetic checks", "pagerduty", "storefront"),
    ("Batch jobs", "opsgenie", "payouts"),
)
