from django.urls import URLPattern

from incidents.urls import lifecycle

app_name = "incidents"

urlpatterns: list[URLPattern] = [*lifecycle.urlpatterns]
