from django.urls import path, re_path

from notifications.views.acknowledge import AcknowledgeView
from notifications.views.deliveries import DeliveriesView, DeliveryView
from notifications.views.outbox import MailView, OutboxView
from notifications.views.person import (
    AddMethodView,
    AddRuleView,
    MethodView,
    PersonView,
    RemoveRuleView,
    VerifyMethodView,
)
from notifications.views.webhooks import NewWebhookView, WebhookActionView, WebhooksView, WebhookView

app_name = "notifications"

_PERSON = "settings/notifications/"
_HOOKS = "settings/webhooks/"

urlpatterns = [
    re_path(r"^a/(?P<token>[\w.-]{1,200})/$", AcknowledgeView.as_view(), name="acknowledge"),
    path(_PERSON, PersonView.as_view(), name="person"),
    path(f"{_PERSON}methods/add/", AddMethodView.as_view(), name="add_method"),
    path(f"{_PERSON}methods/<int:method_id>/verify/", VerifyMethodView.as_view(), name="verify_method"),
    re_path(
        rf"^{_PERSON}methods/(?P<method_id>\d{{1,18}})/(?P<verb>code|test|enable|disable|delete)/$",
        MethodView.as_view(),
        name="method",
    ),
    path(f"{_PERSON}rules/add/", AddRuleView.as_view(), name="add_rule"),
    path(f"{_PERSON}rules/<int:rule_id>/remove/", RemoveRuleView.as_view(), name="remove_rule"),
    path("settings/deliveries/", DeliveriesView.as_view(), name="deliveries"),
    path("settings/deliveries/<int:delivery_id>/", DeliveryView.as_view(), name="delivery"),
    path(_HOOKS, WebhooksView.as_view(), name="webhooks"),
    path(f"{_HOOKS}new/", NewWebhookView.as_view(), name="new_webhook"),
    path(f"{_HOOKS}<int:webhook_id>/", WebhookView.as_view(), name="webhook"),
    re_path(
        rf"^{_HOOKS}(?P<webhook_id>\d{{1,18}})/(?P<verb>test|rotate|delete)/$",
        WebhookActionView.as_view(),
        name="webhook_action",
    ),
    path("dev/outbox/", OutboxView.as_view(), name="outbox"),
    path("dev/outbox/<int:mail_id>/", MailView.as_view(), name="mail"),
]
