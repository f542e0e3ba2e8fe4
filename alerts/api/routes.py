from django.urls import path
from rest_framework.routers import BaseRouter

from alerts.api.check_locations import CheckLocationViewSet
from alerts.api.check_worker import LeaseView, ResultsView
from alerts.api.checks import CheckViewSet
from alerts.api.heartbeats import HeartbeatViewSet
from alerts.api.holds import SilenceViewSet, WindowViewSet
from alerts.api.integrations import IntegrationViewSet
from alerts.api.objectives import ObjectiveViewSet
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
    router.register("checks", CheckViewSet, basename="check")
    router.register("objectives", ObjectiveViewSet, basename="objective")
    router.register("check-locations", CheckLocationViewSet, basename="check-location")
    router.register("service-alerting", AlertingViewSet, basename="service-alerting")


extra_urls = [
    path("check-worker/lease/", LeaseView.as_view(), name="check-worker-lease"),
    path("check-worker/results/", ResultsView.as_view(), name="check-worker-results"),
]
