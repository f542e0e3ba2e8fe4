from django.urls import URLPattern

from incidents.urls import (
    communications,
    lifecycle,
    playbooks,
    record,
    roles,
    runbooks,
    setup,
    tasks,
    timeline,
    trackers,
)

app_name = "incidents"

urlpatterns: list[URLPattern] = [
    *tasks.urlpatterns,
    *roles.urlpatterns,
    *playbooks.urlpatterns,
    *runbooks.urlpatterns,
    *communications.urlpatterns,
    *lifecycle.urlpatterns,
    *record.urlpatterns,
    *setup.urlpatterns,
    *timeline.urlpatterns,
    *trackers.urlpatterns,
]
