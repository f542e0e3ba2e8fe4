from django.urls import path

from services.views import pages

urlpatterns = [
    path("services/", pages.service_list, name="list"),
    path("services/new/", pages.edit, name="new"),
    path("services/<slug:slug>/", pages.detail, name="detail"),
    path("services/<slug:slug>/edit/", pages.edit, name="edit"),
    path("services/<slug:slug>/delete/", pages.delete, name="delete"),
]
