from django.urls import path

from incidents.views import setup

urlpatterns = [
    path("settings/incidents/", setup.Overview.as_view(), name="settings_incidents"),
    path("settings/incidents/severities/<int:rank>/", setup.SeverityEdit.as_view(), name="settings_severity"),
    path("settings/incidents/types/new/", setup.TypeEdit.as_view(), name="settings_type_new"),
    path("settings/incidents/types/<slug:key>/", setup.TypeEdit.as_view(), name="settings_type"),
    path("settings/incidents/fields/new/", setup.FieldEdit.as_view(), name="settings_field_new"),
    path("settings/incidents/fields/<slug:key>/", setup.FieldEdit.as_view(), name="settings_field"),
]
