from django.urls import path, re_path

from alerts.views import holds, integrations, pages

app_name = "alerts"

urlpatterns = [
    path("alerts/", pages.alert_list, name="list"),
    path("alerts/<int:pk>/", pages.alert_page, name="detail"),
    path("alerts/<int:pk>/snooze/", pages.snooze, name="snooze"),
    path("alerts/holds/", holds.holds, name="holds"),
    re_path(r"^alerts/holds/new/(?P<kind>silence|maintenance)/$", holds.new_hold, name="new_hold"),
    re_path(
        r"^alerts/holds/(?P<kind>silence|maintenance)/(?P<pk>[0-9]{1,18})/end/$",
        holds.end_hold,
        name="end_hold",
    ),
    path("alerts/panel/<int:number>/", pages.incident_panel, name="panel"),
    path("integrations/", integrations.integration_list, name="integrations"),
    path("integrations/new/", integrations.integration_new, name="integration_new"),
    path("integrations/<int:pk>/", integrations.integration_page, name="integration"),
    path("integrations/<int:pk>/new-key/", integrations.new_key, name="new_key"),
    path("integrations/<int:pk>/test/", integrations.send_test, name="send_test"),
    re_path(
        r"^integrations/(?P<pk>[0-9]{1,18})/(?P<what>retire-key|switch-off|switch-on|delete)/$",
        integrations.change,
        name="integration_change",
    ),
]
