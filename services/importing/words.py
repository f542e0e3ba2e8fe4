"""What other catalogs call things, and what they are called here."""

from __future__ import annotations

import re

from services.choices import Lifecycle, LinkKind, ServiceKind

_KINDS: dict[str, str] = {
    ServiceKind.JOURNEY: "customer-journey user-journey",
    ServiceKind.WEBSITE: "web webapp web-app website-frontend frontend front-end app application mobile mobile-app"
    " spa ios android ui ui-element",
    ServiceKind.SERVICE: "backend back-end microservice server backend-service",
    ServiceKind.API: "openapi asyncapi graphql grpc trpc rest soap",
    ServiceKind.JOB: "cron cronjob cron-job worker batch pipeline data-pipeline function lambda task",
    ServiceKind.LIBRARY: "lib package sdk framework module",
    ServiceKind.DATABASE: "db postgres postgresql mysql mariadb mongo mongodb rds aurora dynamodb cassandra sql oracle"
    " mssql sql-database elasticsearch opensearch bigquery data-warehouse data-store datastore cockroachdb",
    ServiceKind.CACHE: "redis valkey memcached elasticache memorystore",
    ServiceKind.QUEUE: "kafka kafka-topic topic sqs sns rabbitmq pubsub pub-sub nats kinesis broker message-queue"
    " message-broker message-bus event-bus stream",
    ServiceKind.STORAGE: "s3 s3-bucket bucket blob blob-storage gcs gcs-bucket object-storage object-store volume disk"
    " filesystem file-system nfs",
    ServiceKind.RESOURCE: "infrastructure cluster kubernetes-cluster k8s-cluster network cdn dns load-balancer"
    " cloud-resource",
    ServiceKind.VENDOR: "saas third-party external external-service external-api vendor-service partner",
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in (str(kind), *words.split())}

_LIFECYCLES: dict[str, str] = {
    Lifecycle.EXPERIMENTAL: "alpha beta preview development dev incubating incubation prototype planned pre-alpha",
    Lifecycle.PRODUCTION: "prod ga active live stable generally-available general-availability",
    Lifecycle.DEPRECATED: "retired legacy sunset end-of-life eol decommissioned maintenance",
}
_LIFECYCLE_OF = {word: each for each, words in _LIFECYCLES.items() for word in (str(each), *words.split())}

_LINKS: dict[str, str] = {
    LinkKind.RUNBOOK: "runbook runbooks playbook",
    LinkKind.DASHBOARD: "dashboard dashboards grafana metrics monitoring observability",
    LinkKind.LOGS: "logs log logging kibana",
    LinkKind.REPOSITORY: "repository repo code source github gitlab bitbucket",
    LinkKind.CHAT: "chat slack channel teams on-call-channel messaging",
}
_LINK_OF = {word: kind for kind, words in _LINKS.items() for word in (str(kind), *words.split())}
_TIER = re.compile(r"(?:tier|t|p)?[\s_-]*([1-4])", re.IGNORECASE)


def _word(text: str) -> str:
    return re.sub(r"[\s_]+", "-", text.strip().lower())


def kind_of(text: str) -> str | None:
    """The `ServiceKind` of a type such as `s3-bucket`; None for a word not known here."""
    return _KIND_OF.get(_word(text))


def lifecycle_of(text: str) -> str | None:
    return _LIFECYCLE_OF.get(_word(text))


def tier_of(text: str) -> int | None:
    """1 to 4 from `1`, `tier_1`, `Tier 1` or `T1`."""
    found = _TIER.fullmatch(text.strip())
    return int(found[1]) if found else None


def link_kind(*texts: str) -> str:
    """The kind of a link by the first of `texts` that is known; they are its type, its icon, its category."""
    return next((_LINK_OF[_word(text)] for text in texts if _word(text) in _LINK_OF), LinkKind.OTHER.value)


def truth_of(text: str) -> bool | None:
    """A yes or no in a file's words."""
    word = text.strip().lower()
    if word in ("true", "yes", "on", "1", "y"):
        return True
    return False if word in ("false", "no", "off", "0", "n", "") else None
