from django.urls import path
from rest_framework.routers import SimpleRouter

from web.api.insights import InsightView


def register(router: SimpleRouter) -> None:
    """Nothing of this room is a plain list of rows."""


extra_urls = [path("insights/<slug:figure>/", InsightView.as_view(), name="insight")]
