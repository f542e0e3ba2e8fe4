from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from notifications import handlers, live, retention  # noqa: F401 - subscribers register on import
        from teams import settings_nav

        live.register()
        retention.register()
        settings_nav.register(
            "me",
            _("Notifications"),
            "/settings/notifications/",
            "bell-ring",
            text=_("How you are reached, in which order, and a test of it."),
        )
        settings_nav.register(
            "me",
            _("Deliveries"),
            "/settings/deliveries/",
            "send",
            text=_("Every page and message to you and your teams, with what became of it."),
        )
        settings_nav.register(
            "team",
            _("Webhooks"),
            "/settings/webhooks/",
            "webhook",
            "manager",
            _("Events sent to your own tools, signed."),
        )
        settings_nav.register(
            "organisation",
            _("Channels"),
            "/settings/channels/",
            "radio",
            "admin",
            _("The accounts by which text messages, calls and Slack messages go out."),
        )
        settings_nav.register(
            "organisation",
            _("Delivery limits"),
            "/settings/delivery-limits/",
            "timer",
            "admin",
            _("How many pages go out one by one, and when the rest of a storm is bundled."),
        )
