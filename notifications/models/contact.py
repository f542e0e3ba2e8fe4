from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from notifications.choices import Channel, Urgency
from notifications.querysets import OwnQuerySet


class ContactMethod(models.Model):
    """One way to reach a person. Only verified and enabled ones are used.

    `address`: mail address, URL, telephone number (E.164), Slack member id; for channels whose address is
    itself a secret (push, apprise) a short public name of it. Empty for the browser and the console.
    `secret`: sealed: signing secret of a webhook, push subscription (JSON), Apprise URL.
    """

    user = models.ForeignKey(
        "teams.User", on_delete=models.CASCADE, related_name="contact_methods", db_index=False
    )
    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices)
    label = models.CharField(_("label"), max_length=80, blank=True, default="")
    address = models.CharField(_("address"), max_length=500, blank=True, default="")
    secret = models.TextField(blank=True, default="", editable=False)
    verified_at = models.DateTimeField(null=True, blank=True)
    code_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    code_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    code_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    disabled_at = models.DateTimeField(null=True, blank=True)
    last_failure = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = OwnQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "channel", "address"], name="contact_method_once"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="contact_channel_known"),
        ]

    def __str__(self) -> str:
        return self.label or f"{self.get_channel_display()} {self.address}".strip()

    @property
    def usable(self) -> bool:
        return self.verified_at is not None and self.disabled_at is None


class NotificationRule(models.Model):
    """A step of a person's own notification rules: this method, so many minutes after the page."""

    user = models.ForeignKey(
        "teams.User", on_delete=models.CASCADE, related_name="notification_rules", db_index=False
    )
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency.choices)
    method = models.ForeignKey(ContactMethod, on_delete=models.CASCADE, related_name="rules")
    delay_minutes = models.PositiveSmallIntegerField(_("minutes after the page"), default=0)

    objects = OwnQuerySet.as_manager()

    class Meta:
        ordering = ["urgency", "delay_minutes", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "urgency", "method", "delay_minutes"], name="notification_rule_once"
            ),
            models.CheckConstraint(condition=Q(delay_minutes__lte=1440), name="notification_rule_delay"),
            models.CheckConstraint(condition=Q(urgency__in=Urgency.values), name="notification_rule_urgency"),
        ]

    def __str__(self) -> str:
        return f"{self.urgency} +{self.delay_minutes} min {self.method_id}"
