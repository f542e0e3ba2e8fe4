from rest_framework.routers import BaseRouter

from alerts.api.heartbeats import HeartbeatViewSet
from alerts.api.holds import SilenceViewSet, WindowViewSet
from alerts.api.integrations import IntegrationViewSet
from alerts.api.reports import ReportFormViewSet
from alerts.api.rules import AlertingViewSet, RuleViewSet
from alerts.api.views import AlertViewSet


def register(router: BaseRouter) -> None:
    """Routes of this room under `/api/v1/`."""
    router.register("alerts", AlertViewSet, basename="alert")
    router.register("integrations", IntegrationViewSet, basename="integration")
    router.register("silences", SilenceViewSet, basename="silence")
    router.register("maintenance-windows", WindowViewSet, basename="maintenance-window")
    router.register("routing-rules", RuleViewSet, basename="routing-rule")
    router.register("report-forms", ReportFormViewSet, basename="report-form")
    router.register("heartbeats", HeartbeatViewSet, basename="heartbeat")
    router.register("service-alerting", AlertingViewSet, basename="service-alerting")
