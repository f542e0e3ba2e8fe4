from django.urls import path, re_path

from postmortems.views import exports

urlpatterns = [
    re_path(
        r"^postmortems/(?P<pk>[0-9]{1,18})/export\.(?P<form>md|pdf|json|zip)$", exports.export, name="export"
    ),
    path("postmortems/<int:pk>/print/", exports.print_view, name="print"),
]
