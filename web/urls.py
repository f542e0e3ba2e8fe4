from django.urls import path

from web.views import health, pages

app_name = "web"

urlpatterns = [
    path("", pages.now_page, name="now"),
    path("feed/", pages.feed_page, name="feed"),
    path("more/", pages.more_page, name="more"),
    path("search/", pages.search_page, name="search"),
    path("rehearse/", pages.rehearse_page, name="rehearse"),
    path("health/", health.health_page, name="health"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("ui/", pages.components, name="components"),
]
