from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from postmortems.choices import OPEN_ITEMS, ItemClass, ItemPriority, ItemStatus, Rung
from postmortems.querysets import ActionItemQuerySet


class ActionItem(models.Model):
    """Something to be done so that it does not happen again.

    `incident` is set for an item of a postmortem too, so that access needs no second path. Owner and date may be
    missing only while its postmortem is a draft. `backup` is reminded instead while the owner is on leave.
    `proof`: how one sees that it had its effect. `snoozed_until`: no reminder before that day. `drop_asked_by`:
    who wants it dropped, until a lead agrees. `target`: the thing it changes (`playbook:3`, `check:5`); the item
    ticks itself when that thing was changed after `target_since`.
    """

    title = models.CharField(_("what is to be done"), max_length=300)
    detail = models.TextField(_("details"), blank=True, default="")
    item_class = models.CharField(
        _("class"), max_length=12, choices=ItemClass.choices, default=ItemClass.PREVENT
    )
    priority = models.CharField(
        _("priority"), max_length=10, choices=ItemPriority.choices, default=ItemPriority.NORMAL
    )
    status = models.CharField(_("state"), max_length=10, choices=ItemStatus.choices, default=ItemStatus.OPEN)
    owner = models.ForeignKey(
        "teams.User",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="action_items",
        verbose_name=_("owner"),
        db_index=False,
    )
    backup = models.ForeignKey(
        "teams.User",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("backup"),
    )
    due_on = models.DateField(_("due"), null=True, blank=True)
    postmortem = models.ForeignKey(
        "postmortems.Postmortem",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="action_items",
    )
    incident = models.ForeignKey(
        "incidents.Incident",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="action_items",
        db_index=False,
    )
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    proof = models.TextField(_("proof of effect"), blank=True, default="")
    proof_link = models.URLField(_("link to the proof"), max_length=500, blank=True, default="")
    snoozed_until = models.DateField(null=True, blank=True)
    snooze_reason = models.CharField(max_length=300, blank=True, default="")
    reason = models.CharField(_("why it will not be done"), max_length=500, blank=True, default="")
    drop_asked_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    drop_asked_at = models.DateTimeField(null=True, blank=True)
    drop_approved_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    target = models.CharField(max_length=60, blank=True, default="")
    target_label = models.CharField(max_length=200, blank=True, default="")
    target_url = models.CharField(max_length=500, blank=True, default="")
    target_since = models.DateTimeField(null=True, blank=True)
    target_changed_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = ActionItemQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        indexes = [
            models.Index(fields=["due_on", "id"], name="item_open_due", condition=Q(status__in=OPEN_ITEMS)),
            models.Index(fields=["owner", "due_on"], name="item_by_owner"),
            models.Index(fields=["incident", "id"], name="item_by_incident"),
            models.Index(fields=["team", "due_on"], name="item_by_team"),
            models.Index(
                fields=["target"], name="item_by_target", condition=Q(status__in=OPEN_ITEMS) & ~Q(target="")
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ItemStatus.values), name="item_status_known"),
            models.CheckConstraint(condition=Q(item_class__in=ItemClass.values), name="item_class_known"),
            models.CheckConstraint(condition=Q(priority__in=ItemPriority.values), name="item_priority_known"),
            models.CheckConstraint(
                condition=Q(status__in=OPEN_ITEMS, closed_at__isnull=True)
                | Q(status__in=["done", "wont_do"], closed_at__isnull=False),
                name="item_closed_iff_done",
            ),
            models.CheckConstraint(
                condition=~Q(status="wont_do") | ~Q(reason=""), name="item_wont_do_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(postmortem__isnull=False) | Q(owner__isnull=False, due_on__isnull=False),
                name="item_alone_has_owner_and_date",
            ),
            models.CheckConstraint(
                condition=Q(snoozed_until__isnull=True) | ~Q(snooze_reason=""), name="item_snooze_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/action-items/{self.pk}/"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_ITEMS

    @property
    def is_overdue(self) -> bool:
        """Open past its day, judged by the UTC date."""
        return self.is_open and self.due_on is not None and self.due_on < clock.now().date()

    def days_left(self, today: dt.date) -> int | None:
        return (self.due_on - today).days if self.due_on else None


class ItemReminder(models.Model):
    """A rung of the ladder that was reached, once for each due date; written with its message in one transaction."""

    item = models.ForeignKey(ActionItem, on_delete=models.CASCADE, related_name="reminders", db_index=False)
    kind = models.CharField(max_length=10, choices=Rung.choices)
    due_on = models.DateField()
    sent_at = models.DateTimeField()
    sent_to = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["item_id", "id"]
        constraints = [models.UniqueConstraint(fields=["item", "kind", "due_on"], name="reminder_once")]

    def __str__(self) -> str:
        return f"{self.kind} reminder of {self.item_id}"


class LeadDigest(models.Model):
    """The weekly list of what is overdue, to one lead; `week` is the Monday of that week where they live."""

    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="+", db_index=False)
    week = models.DateField()
    items = models.PositiveIntegerField()
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["-week", "id"]
        constraints = [models.UniqueConstraint(fields=["user", "week"], name="digest_once")]

    def __str__(self) -> str:
        return f"digest of {self.week} to {self.user_id}"


class ItemNote(models.Model):
    """What happened to an item and what people said about it, oldest first."""

    item = models.ForeignKey(ActionItem, on_delete=models.CASCADE, related_name="notes", db_index=False)
    author = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_label = models.CharField(max_length=200)
    text = models.TextField()
    by_hand = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["item_id", "id"]
        indexes = [models.Index(fields=["item", "id"], name="item_note_by_item")]

    def __str__(self) -> str:
        return self.text[:60]


class ItemTicket(models.Model):
    """The issue in a tracker that stands for an item. `remote_seen_at`: the tracker's own time of the newest state
    taken over; `pushed`: digest of what was last written there, so that our own change coming back is known.
    `push_due_at`: something here waits to be written there; claimed like a delivery."""

    item = models.OneToOneField(ActionItem, on_delete=models.CASCADE, related_name="ticket")
    connection = models.ForeignKey(
        "incidents.TrackerConnection", on_delete=models.CASCADE, related_name="tickets"
    )
    external_id = models.CharField(max_length=100, blank=True, default="")
    number = models.CharField(max_length=40, blank=True, default="")
    url = models.URLField(max_length=500, blank=True, default="")
    remote_state = models.CharField(max_length=20, blank=True, default="")
    remote_seen_at = models.DateTimeField(null=True, blank=True)
    pushed = models.CharField(max_length=64, blank=True, default="")
    pushed_at = models.DateTimeField(null=True, blank=True)
    push_due_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["push_due_at"], name="ticket_push_due", condition=Q(push_due_at__isnull=False)
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "external_id"],
                condition=~Q(external_id=""),
                name="ticket_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number or 'new'} of {self.item_id}"


class PostmortemReminder(models.Model):
    """A reminder about a document (late review, late publishing), once for each kind and promised time."""

    postmortem = models.ForeignKey(
        "postmortems.Postmortem", on_delete=models.CASCADE, related_name="reminders", db_index=False
    )
    kind = models.CharField(max_length=20)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["postmortem", "kind", "due_at"], name="postmortem_reminder_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.postmortem_id}"
