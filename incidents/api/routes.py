from rest_framework.routers import BaseRouter

from incidents.api.customers import ContactViewSet
from incidents.api.playbooks import PlaybookViewSet
from incidents.api.roles import RoleDefinitionViewSet
from incidents.api.runbooks import RunbookViewSet
from incidents.api.stakeholders import FollowViewSet, ListViewSet, TemplateViewSet
from incidents.api.support import QuestionViewSet
from incidents.api.trackers import TrackerConnectionViewSet
from incidents.api.views import IncidentViewSet


def register(router: BaseRouter) -> None:
    """Routes of this room under `/api/v1/`."""
    router.register("incidents", IncidentViewSet, basename="incident")
    router.register("playbooks", PlaybookViewSet, basename="playbook")
    router.register("runbooks", RunbookViewSet, basename="runbook")
    router.register("roles", RoleDefinitionViewSet, basename="role")
    router.register("questions", QuestionViewSet, basename="question")
    router.register("update-templates", TemplateViewSet, basename="update-template")
    router.register("stakeholder-lists", ListViewSet, basename="stakeholder-list")
    router.register("follows", FollowViewSet, basename="follow")
    router.register("customer-contacts", ContactViewSet, basename="customer-contact")
    router.register("tracker-connections", TrackerConnectionViewSet, basename="tracker-connection")
