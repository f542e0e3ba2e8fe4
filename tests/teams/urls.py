from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from teams.api import routes

router = SimpleRouter()
routes.register(router)
urlpatterns = [
    path("api/v1/", include([*routes.extra_urls, *router.urls])),
    path("api/schema/", SpectacularAPIView.as_view()),
    path("admin/", admin.site.urls),
    path("", include("teams.urls")),
    path("accounts/", include("allauth.urls")),
]
