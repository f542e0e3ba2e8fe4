from django.urls import path

from web.views import demo, health, insights, inspect, pages

app_name = "web"

urlpatterns = [
    path("", pages.now_page, name="now"),
    path("feed/", pages.feed_page, name="feed"),
    path("more/", pages.more_page, name="more"),
    path("insights/", insights.overview, name="insights"),
    path("insights/<slug:key>/", insights.figure_page, name="insight"),
    path("insights/<slug:key>/incidents/", insights.behind_page, name="insight_incidents"),
    path("search/", pages.search_page, name="search"),
    path("rehearse/", pages.rehearse_page, name="rehearse"),
    path("health/", health.health_page, name="health"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("demo/sign-in/", demo.sign_in, name="demo_sign_in"),
    path("demo/restart/", demo.restart, name="demo_restart"),
    path("demo/start-empty/", demo.start_empty, name="demo_start_empty"),
    path("demo/load/", demo.load_company, name="demo_load"),
    path("inspect/", inspect.inspect_page, name="inspect"),
    path("ui/", pages.components, name="components"),
]
