from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from statuspage.choices import (
    AnnouncementKind,
    Language,
    MessageState,
    SubscriberKind,
    SubscriberState,
)
from statuspage.ids import new_id
from statuspage.querysets import AnnouncementChildQuerySet, PageChildQuerySet


class Subscriber(models.Model):
    """Who wants to hear of a page: all of it, chosen components, or one notice until it is over.

    `address` (mail address or web address), `secret` (signs webhooks) and `contact` (mail address of whoever asked
    for a webhook in public) are sealed; `address_digest`, keyed by the installation's secret, finds an address
    again. `failures` since the last success: of mail, how often the address was refused for good; else how often
    one message was tried in vain, and every message refused for good.
    """

    public_id = models.CharField(max_length=12, unique=True, default=new_id, editable=False)
    page = models.ForeignKey(
        "statuspage.StatusPage", on_delete=models.CASCADE, related_name="subscribers", db_index=False
    )
    kind = models.CharField(max_length=10, choices=SubscriberKind.choices, default=SubscriberKind.EMAIL)
    address = models.TextField()
    address_digest = models.CharField(max_length=64)
    secret = models.TextField(blank=True, default="")
    contact = models.TextField(blank=True, default="")
    state = models.CharField(max_length=12, choices=SubscriberState.choices, default=SubscriberState.PENDING)
    language = models.CharField(max_length=5, choices=Language.choices, default=Language.ENGLISH)
    components = models.ManyToManyField("statuspage.Component", related_name="subscribers", blank=True)
    notice = models.ForeignKey(
        "statuspage.Notice", null=True, blank=True, on_delete=models.CASCADE, related_name="subscribers"
    )
    source = models.CharField(_("came by"), max_length=10, default="form")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    asked_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True, default="")
    last_sent_at = models.DateTimeField(null=True, blank=True)

    objects = PageChildQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["page", "-id"], name="subscriber_by_page"),
            models.Index(fields=["page", "id"], name="subscriber_active", condition=Q(state="active")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["page", "kind", "address_digest", "notice"],
                nulls_distinct=False,
                name="subscriber_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=SubscriberState.values), name="subscriber_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} subscriber {self.public_id}"


class Announcement(models.Model):
    """Something subscribers are told. Queueing goes through them in batches by id: `after` is the last one that
    has its message, `done_at` the end.

    `data`: for `component` what changed: `id, created_at, old_status, new_status`.
    """

    page = models.ForeignKey(
        "statuspage.StatusPage", on_delete=models.CASCADE, related_name="announcements", db_index=False
    )
    kind = models.CharField(max_length=10, choices=AnnouncementKind.choices)
    notice = models.ForeignKey(
        "statuspage.Notice", null=True, blank=True, on_delete=models.CASCADE, related_name="announcements"
    )
    update = models.OneToOneField(
        "statuspage.NoticeUpdate",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="announcement",
    )
    component = models.ForeignKey(
        "statuspage.Component", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    data = models.JSONField(default=dict, blank=True)
    after = models.BigIntegerField(default=0)
    queued = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = PageChildQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["page", "-created_at", "-id"], name="announcement_by_page"),
            models.Index(fields=["id"], name="announcement_open", condition=Q(done_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.page_id}"


class SubscriberMessage(models.Model):
    """One message to one subscriber. Without an announcement: the question whether it is wanted.

    `next_at` is when it is due, while it is being sent when the lease ends: then it is sent again under the same
    `key`, so that receivers can tell.
    """

    key = models.UUIDField(default=uuid.uuid4, editable=False)
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    announcement = models.ForeignKey(
        Announcement, null=True, blank=True, on_delete=models.CASCADE, related_name="messages"
    )
    state = models.CharField(max_length=8, choices=MessageState.choices, default=MessageState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    lease_token = models.UUIDField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = AnnouncementChildQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["next_at", "id"],
                name="subscriber_message_due",
                condition=Q(state__in=["pending", "sending"]),
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "announcement"], name="subscriber_message_once"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="subscriber_message_sent_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state="sending", lease_token__isnull=False)
                | (~Q(state="sending") & Q(lease_token__isnull=True)),
                name="subscriber_message_lease",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} to {self.subscriber_id}"
