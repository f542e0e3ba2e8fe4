from django.urls import path, re_path

from incidents.views import trackers as views

_BASE = "settings/trackers/"

urlpatterns = [
    re_path(
        r"^api/v1/trackers/(?P<hook_key>[0-9a-f]{32})/$", views.TrackerHookView.as_view(), name="tracker_hook"
    ),
    path(_BASE, views.TrackersView.as_view(), name="trackers"),
    path(f"{_BASE}new/", views.NewTrackerView.as_view(), name="tracker_new"),
    path(f"{_BASE}<int:pk>/", views.TrackerView.as_view(), name="tracker"),
    re_path(
        rf"^{_BASE}(?P<pk>\d{{1,18}})/(?P<verb>check|rotate|remove)/$",
        views.TrackerActionView.as_view(),
        name="tracker_action",
    ),
]
