from django.urls import path, re_path

from incidents.views import pages, verbs
from incidents.views.dialogs import VERBS

urlpatterns = [
    path("incidents/", pages.incident_list, name="list"),
    path("incidents/declare/", pages.declare, name="declare"),
    path("incidents/declare/similar/", pages.similar, name="similar"),
    path("incidents/<int:number>/", pages.incident_page, name="detail"),
    path("incidents/<int:number>/fragment/<slug:name>/", pages.fragment, name="fragment"),
    path("incidents/<int:number>/acknowledge/", verbs.AcknowledgeView.as_view(), name="acknowledge"),
    path("incidents/<int:number>/pass-on/", verbs.PassOnView.as_view(), name="pass_on"),
    path("incidents/<int:number>/take-command/", verbs.TakeCommandView.as_view(), name="take_command"),
    re_path(
        rf"^incidents/(?P<number>[0-9]{{1,9}})/(?P<verb>{'|'.join(VERBS)})/$",
        verbs.VerbView.as_view(),
        name="verb",
    ),
]
