from django.urls import path, re_path

from alerts.views import heartbeats, holds, integrations, mail, mapping, noise, pages, report, rules

app_name = "alerts"

urlpatterns = [
    path("alerts/", pages.alert_list, name="list"),
    path("alerts/<int:pk>/", pages.alert_page, name="detail"),
    path("alerts/<int:pk>/snooze/", pages.snooze, name="snooze"),
    path("alerts/<int:pk>/notes/", pages.add_note, name="add_note"),
    path("alerts/noise/", noise.noise, name="noise"),
    path("alerts/holds/", holds.holds, name="holds"),
    re_path(r"^alerts/holds/new/(?P<kind>silence|maintenance)/$", holds.new_hold, name="new_hold"),
    re_path(
        r"^alerts/holds/(?P<kind>silence|maintenance)/(?P<pk>[0-9]{1,18})/end/$",
        holds.end_hold,
        name="end_hold",
    ),
    path("alerts/rules/", rules.rules, name="rules"),
    path("alerts/rules/new/", rules.new_rule, name="new_rule"),
    re_path(r"^alerts/rules/(?P<pk>[0-9]{1,18})/$", rules.rule_page, name="rule"),
    re_path(
        r"^alerts/rules/(?P<pk>[0-9]{1,18})/(?P<what>up|down|delete)/$", rules.change_rule, name="change_rule"
    ),
    path("alerts/services/<slug:slug>/", rules.service_alerting, name="alerting"),
    path("alerts/panel/<int:number>/", pages.incident_panel, name="panel"),
    path("heartbeats/", heartbeats.heartbeat_list, name="heartbeats"),
    path("heartbeats/new/", heartbeats.heartbeat_new, name="heartbeat_new"),
    path("heartbeats/<int:pk>/", heartbeats.heartbeat_page, name="heartbeat"),
    path("heartbeats/<int:pk>/edit/", heartbeats.heartbeat_edit, name="heartbeat_edit"),
    path("heartbeats/<int:pk>/new-key/", heartbeats.heartbeat_key, name="heartbeat_key"),
    re_path(
        r"^heartbeats/(?P<pk>[0-9]{1,18})/(?P<what>pause|resume|delete)/$",
        heartbeats.heartbeat_change,
        name="heartbeat_change",
    ),
    path("report/<slug:slug>/", report.report_form, name="report_form"),
    path("integrations/", integrations.integration_list, name="integrations"),
    path("integrations/<int:pk>/mail/", mail.mail_settings, name="mail_settings"),
    re_path(
        r"^integrations/(?P<pk>[0-9]{1,18})/mail/(?P<what>test|new-address)/$",
        mail.mail_change,
        name="mail_change",
    ),
    path("integrations/<int:pk>/form/", report.report_settings, name="report_settings"),
    path("integrations/new/", integrations.integration_new, name="integration_new"),
    path("integrations/<int:pk>/", integrations.integration_page, name="integration"),
    path("integrations/<int:pk>/new-key/", integrations.new_key, name="new_key"),
    path("integrations/<int:pk>/test/", integrations.send_test, name="send_test"),
    path("integrations/<int:pk>/settings/", integrations.integration_settings, name="integration_settings"),
    path("integrations/<int:pk>/mapping/", mapping.mapping_page, name="integration_mapping"),
    path("integrations/<int:pk>/replay/", integrations.replay, name="integration_replay"),
    path("integrations/<int:pk>/confirm/", integrations.confirm, name="integration_confirm"),
    path("integrations/<int:pk>/received/<int:item>/", integrations.received, name="received"),
    re_path(
        r"^integrations/(?P<pk>[0-9]{1,18})/(?P<what>retire-key|switch-off|switch-on|delete)/$",
        integrations.change,
        name="integration_change",
    ),
]
