from django.urls import path, re_path

from incidents.views import causes, entries, evidence, timeline

urlpatterns = [
    path("incidents/<int:number>/timeline/", entries.older, name="older"),
    path("incidents/<int:number>/timeline/<int:seq>/star/", entries.star, name="star"),
    path("incidents/<int:number>/timeline/<int:seq>/edit/", entries.edit, name="edit"),
    path("incidents/<int:number>/timeline/<int:seq>/revisions/", entries.revisions, name="revisions"),
    path("incidents/<int:number>/timeline/<int:seq>/redact/", entries.redact, name="redact"),
    path("incidents/<int:number>/compose/", timeline.compose, name="compose"),
    path("incidents/<int:number>/files/<int:file_id>/", evidence.evidence_file, name="file"),
    re_path(
        r"^incidents/(?P<number>[0-9]{1,9})/export\.(?P<form>md|csv|json)$",
        timeline.export_file,
        name="export",
    ),
    path("incidents/<int:number>/causes/<int:cause_id>/", causes.EditCauseView.as_view(), name="cause_edit"),
    path(
        "incidents/<int:number>/causes/<int:cause_id>/state/",
        causes.CauseStateView.as_view(),
        name="cause_state",
    ),
]
