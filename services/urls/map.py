from django.urls import path

from services.views import map as views

urlpatterns = [
    path("services/map/", views.page, name="map"),
    path("services/map/data/", views.data, name="map_data"),
    path("services/map/state/", views.state, name="map_state"),
]
