from django.urls import URLPattern

from services.urls import catalog, importing, map

app_name = "services"

# Words such as `map` before the addresses of services.
urlpatterns: list[URLPattern] = [*map.urlpatterns, *importing.urlpatterns, *catalog.urlpatterns]
