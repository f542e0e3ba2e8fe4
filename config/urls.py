"""All addresses. Each room brings its own `urls.py`; the API is collected in `config.api`."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path

from alerts.intake.mounts import intake_view
from config.api import ROOMS, api_urls, docs_urls

urlpatterns = [
    re_path(r"^api/v1/intake/.*$", intake_view),
    re_path(r"^api/v1/heartbeat/.*$", intake_view),
    re_path(r"^compat/.*$", intake_view),
    path("api/v1/", include(api_urls)),
    path("api/", include(docs_urls)),
    path("admin/", admin.site.urls),
    # The rooms come before allauth, whose sign-in page `teams` extends.
    *(path("", include(f"{room}.urls")) for room in ROOMS),
    path("accounts/", include("allauth.urls")),
    path("", include("web.urls")),
]

handler400 = "web.views.errors.bad_request"
handler403 = "web.views.errors.forbidden"
handler404 = "web.views.errors.not_found"
handler500 = "web.views.errors.server_error"
