"""The outbox to people and machines."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core import clock
from notifications.choices import Category, Channel, DeliveryStatus, Outcome, Priority, Urgency
from notifications.querysets import DeliveryQuerySet

S = DeliveryStatus
_PAGES = Q(category=Category.PAGE)


class Delivery(models.Model):
    """One message to one destination.

    `key` is unique and doubles as the idempotency key given to the provider. `source` names what
    asked for it (`run:12`), `subject_key` what it is about (`incident:42`); both opaque here.
    `lane` orders messages to the same place (`user:3:email:7`, `hook:4:incident:42`); `origin` is what
    a page comes from (`svc:7`). `priority` sorts what is due: see `Priority`. `hold_until`: part of a
    storm, waits for its bundle until then.
    `reply_code`: what a text message is answered with when several wait at the same number.
    `lease_token`: only the sender that holds it may write the outcome.
    """

    key = models.CharField(max_length=200, unique=True)
    category = models.CharField(max_length=20, choices=Category.choices)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    user = models.ForeignKey(
        "teams.User",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="deliveries",
        db_index=False,
    )
    method = models.ForeignKey(
        "notifications.ContactMethod",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="deliveries",
    )
    subscription = models.ForeignKey(
        "notifications.WebhookSubscription",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="deliveries",
    )
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    address = models.CharField(max_length=500, blank=True, default="")
    lane = models.CharField(max_length=200)
    origin = models.CharField(max_length=60, blank=True, default="")
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.MESSAGE)
    source = models.CharField(max_length=100, blank=True, default="")
    subject_key = models.CharField(max_length=100, blank=True, default="")
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.HIGH)
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True, default="")
    url_path = models.CharField(max_length=500, blank=True, default="")
    payload = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=S.choices, default=S.PENDING)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    hold_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    provider_id = models.CharField(max_length=200, blank=True, default="")
    reply_code = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.TextField(blank=True, default="")
    bundled_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="bundle"
    )
    created_at = models.DateTimeField(default=clock.now)

    # The `origin` of a message that others were bundled into.
    BUNDLE = "bundle"

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(
                fields=["priority", "due_at", "id"], name="delivery_due", condition=Q(status=S.PENDING)
            ),
            models.Index(fields=["lane", "sent_at"], name="delivery_lane_pace", condition=_PAGES),
            models.Index(fields=["lane", "origin", "created_at"], name="delivery_first", condition=_PAGES),
            models.Index(fields=["lease_until"], name="delivery_lease", condition=Q(status=S.SENDING)),
            models.Index(
                fields=["source"], name="delivery_open_source", condition=Q(status__in=[S.PENDING, S.SENDING])
            ),
            models.Index(
                fields=["lane", "id"],
                name="delivery_open_lane",
                condition=Q(status__in=[S.PENDING, S.SENDING]),
            ),
            models.Index(
                fields=["finished_at"], name="delivery_finished", condition=Q(finished_at__isnull=False)
            ),
            models.Index(fields=["provider_id"], name="delivery_by_provider", condition=~Q(provider_id="")),
            models.Index(
                fields=["address", "-id"],
                name="delivery_by_number",
                condition=Q(channel__in=["sms", "voice"]),
            ),
            models.Index(fields=["user", "-id"], name="delivery_by_user"),
            models.Index(fields=["team", "-id"], name="delivery_by_team"),
            models.Index(fields=["subject_key", "id"], name="delivery_by_subject"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=S.values), name="delivery_status_known"),
            models.CheckConstraint(
                condition=Q(status=S.SENDING, lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(status=S.SENDING) & Q(lease_token__isnull=True, lease_until__isnull=True)),
                name="delivery_lease_iff_sending",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[S.SENT, S.DELIVERED]) | Q(sent_at__isnull=False),
                name="delivery_sent_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[S.PENDING, S.SENDING], finished_at__isnull=True)
                | Q(
                    status__in=[S.SENT, S.DELIVERED, S.FAILED, S.WITHDRAWN, S.BUNDLED],
                    finished_at__isnull=False,
                ),
                name="delivery_finished_has_time",
            ),
            models.CheckConstraint(
                condition=Q(hold_until__isnull=True) | Q(status=S.PENDING, category=Category.PAGE),
                name="delivery_held_is_waiting_page",
            ),
            models.CheckConstraint(
                condition=~Q(status=S.FAILED) | ~Q(error=""), name="delivery_failed_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} by {self.channel}: {self.title}"

    @property
    def is_bundle(self) -> bool:
        """Whether this is the message that others were bundled into."""
        return self.origin == self.BUNDLE

    @property
    def address_hint(self) -> str:
        """The address, shortened for the eyes of others: `a…@example.com`, `+49…67`, `U0…3F`."""
        if self.channel in (Channel.SMS, Channel.VOICE):
            return f"{self.address[:3]}…{self.address[-2:]}"
        if self.channel == Channel.SLACK:
            return f"{self.address[:2]}…{self.address[-2:]}"
        if self.channel in (Channel.APPRISE, Channel.PUSH):
            return self.address
        name, at, host = self.address.partition("@")
        if at:
            return f"{name[:1]}…@{host}"
        return self.address.partition("://")[2].partition("/")[0].rpartition("@")[2]


class DeliveryAttempt(models.Model):
    """One call of a transport: `outcome` is accepted, refused, retry or unknown (the sender died)."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="attempt_log", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, default=Outcome.UNKNOWN)
    detail = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["delivery_id", "number"]
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_once")]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.delivery_id}: {self.outcome}"
