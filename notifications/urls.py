from django.urls import path, re_path

from notifications.views.acknowledge import AcknowledgeView, DeclineView
from notifications.views.channels import ChannelActionView, ChannelsView, ChannelView
from notifications.views.deliveries import DeliveriesView, DeliveryView
from notifications.views.limits import LimitsView
from notifications.views.outbox import MailView, OutboxView
from notifications.views.person import (
    AddMethodView,
    AddRuleView,
    MethodView,
    PersonView,
    RemoveRuleView,
    VerifyMethodView,
)
from notifications.views.push import KeyView, ManifestView, RenewView, SubscribeView, WorkerView
from notifications.views.quiet import NoQuietHoursView, QuietHoursView
from notifications.views.slack import SlackView
from notifications.views.twilio import TwilioDigitView, TwilioStatusView, TwilioTextView, TwilioVoiceView
from notifications.views.webhooks import NewWebhookView, WebhookActionView, WebhooksView, WebhookView

app_name = "notifications"

_PERSON = "settings/notifications/"
_HOOKS = "settings/webhooks/"
_SIGNED = r"(?P<token>[\w.-]{1,200})"

urlpatterns = [
    re_path(r"^a/(?P<token>[\w.-]{1,200})/$", AcknowledgeView.as_view(), name="acknowledge"),
    re_path(r"^a/(?P<token>[\w.-]{1,200})/decline/$", DeclineView.as_view(), name="decline"),
    path("sw.js", WorkerView.as_view(), name="service_worker"),
    path("manifest.webmanifest", ManifestView.as_view(), name="manifest"),
    path("push/subscribe/", SubscribeView.as_view(), name="push_subscribe"),
    path("push/key/", KeyView.as_view(), name="push_key"),
    path("push/renew/", RenewView.as_view(), name="push_renew"),
    path("settings/delivery-limits/", LimitsView.as_view(), name="limits"),
    path(f"{_PERSON}quiet-hours/", QuietHoursView.as_view(), name="quiet_hours"),
    path(f"{_PERSON}quiet-hours/remove/", NoQuietHoursView.as_view(), name="no_quiet_hours"),
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
    path("settings/channels/", ChannelsView.as_view(), name="channels"),
    path("settings/channels/<slug:provider>/", ChannelView.as_view(), name="channel"),
    re_path(
        r"^settings/channels/(?P<provider>[a-z]{1,20})/(?P<verb>test|enable|disable|remove)/$",
        ChannelActionView.as_view(),
        name="channel_action",
    ),
    re_path(rf"^callbacks/twilio/status/{_SIGNED}/$", TwilioStatusView.as_view(), name="twilio_status"),
    re_path(rf"^callbacks/twilio/voice/{_SIGNED}/$", TwilioVoiceView.as_view(), name="twilio_voice"),
    re_path(rf"^callbacks/twilio/voice/{_SIGNED}/digit/$", TwilioDigitView.as_view(), name="twilio_digit"),
    path("callbacks/twilio/text/", TwilioTextView.as_view(), name="twilio_text"),
    path("callbacks/slack/", SlackView.as_view(), name="slack"),
    path("dev/outbox/", OutboxView.as_view(), name="outbox"),
    path("dev/outbox/<int:mail_id>/", MailView.as_view(), name="mail"),
]
