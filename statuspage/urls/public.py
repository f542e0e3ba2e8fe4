"""What Django serves of a public page, relative to `status/<slug>/`."""

from django.urls import path

from statuspage.views import subscribe
from statuspage.views.subscribers_json import subscribers_json

urlpatterns = [
    path("subscribe/", subscribe.subscribe, name="subscribe"),
    path("confirm/<str:token>/", subscribe.confirm, name="confirm"),
    path("unsubscribe/<str:token>/", subscribe.unsubscribe, name="unsubscribe"),
    path("manage/<str:token>/", subscribe.choices, name="choices"),
    path("api/v2/subscribers.json", subscribers_json, name="subscribers_json"),
]
