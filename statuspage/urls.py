from django.urls import path

from statuspage.views import pages

app_name = "statuspage"

urlpatterns = [
    path("statuspages/", pages.page_list, name="list"),
    path("statuspages/new/", pages.page_new, name="new"),
    path("statuspages/<slug:slug>/", pages.manage, name="manage"),
    path("statuspages/<slug:slug>/components/", pages.add_component, name="add_component"),
    path("statuspages/<slug:slug>/components/<int:pk>/", pages.set_component, name="set_component"),
    path("statuspages/<slug:slug>/notices/", pages.add_notice, name="add_notice"),
    path("statuspages/<slug:slug>/notices/<int:pk>/", pages.update_notice, name="update_notice"),
]
