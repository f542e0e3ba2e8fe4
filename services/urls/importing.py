from django.urls import path

from services.views import importing

urlpatterns = [
    path("services/import/", importing.import_page, name="import"),
    path("services/export.yaml", importing.export_file, name="export"),
]
