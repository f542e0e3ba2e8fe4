from django.urls import path, re_path

from incidents.views import runbook_runs, runbooks

urlpatterns = [
    path("runbooks/", runbooks.runbook_list, name="runbooks"),
    path("runbooks/new/", runbooks.edit, name="runbook_new"),
    path("runbooks/preview/", runbooks.preview, name="runbook_preview"),
    path("runbooks/panel/service/<int:service_id>/", runbooks.service_panel, name="runbook_service_panel"),
    path("runbooks/<int:pk>/", runbooks.runbook_page, name="runbook"),
    path("runbooks/<int:pk>/edit/", runbooks.edit, name="runbook_edit"),
    path("runbooks/<int:pk>/versions/", runbooks.compare_page, name="runbook_versions"),
    path("runbooks/<int:pk>/restore/", runbooks.restore, name="runbook_restore"),
    path("runbooks/<int:pk>/review/", runbooks.review, name="runbook_review"),
    path("runbooks/<int:pk>/retire/", runbooks.retire, name="runbook_retire"),
    path("incidents/<int:number>/runbooks/<int:pk>/", runbook_runs.page, name="runbook_run"),
    re_path(
        rf"^incidents/(?P<number>[0-9]{{1,9}})/runbooks/(?P<pk>[0-9]{{1,18}})/(?P<name>{'|'.join(runbook_runs.ACTS)})/$",
        runbook_runs.act,
        name="runbook_act",
    ),
]
