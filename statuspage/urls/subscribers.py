"""Subscribers on the manage side, relative to `statuspages/<slug>/subscribers/`."""

from django.urls import path, re_path

from statuspage.views import subscribers

urlpatterns = [
    path("", subscribers.subscriber_list, name="subscribers"),
    path("new/", subscribers.subscriber_new, name="subscriber_new"),
    path("import/", subscribers.subscriber_import, name="subscriber_import"),
    path("export/", subscribers.subscriber_export, name="subscriber_export"),
    re_path(
        "^(?P<public_id>[a-z0-9]{12})/(?P<verb>remove|ask|resume|secret)/$",
        subscribers.subscriber_action,
        name="subscriber_action",
    ),
]
