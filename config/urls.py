"""All addresses. Each room brings its own `urls.py`; the API is collected in `config.api`."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
]
