from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from postmortems.choices import OPEN_ITEMS, ItemClass, ItemStatus
from postmortems.querysets import ActionItemQuerySet


class ActionItem(models.Model):
    """Something to be done so that it does not happen again. Owner and date are required.

    `incident` is set for an item of a postmortem too, so that access needs no second path.
    """

    title = models.CharField(_("what is to be done"), max_length=300)
    item_class = models.CharField(
        _("class"), max_length=12, choices=ItemClass.choices, default=ItemClass.PREVENT
    )
    status = models.CharField(_("state"), max_length=10, choices=ItemStatus.choices, default=ItemStatus.OPEN)
    owner = models.ForeignKey(
        "teams.User",
        on_delete=models.PROTECT,
        related_name="action_items",
        verbose_name=_("owner"),
        db_index=False,
    )
    due_on = models.DateField(_("due"))
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
    team = models.ForeignKey("teams.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(_("why it will not be done"), max_length=500, blank=True, default="")
    created_by = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = ActionItemQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        indexes = [
            models.Index(fields=["due_on", "id"], name="item_open_due", condition=Q(status__in=OPEN_ITEMS)),
            models.Index(fields=["owner", "due_on"], name="item_by_owner"),
            models.Index(fields=["incident", "id"], name="item_by_incident"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ItemStatus.values), name="item_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=OPEN_ITEMS, closed_at__isnull=True)
                | Q(status__in=["done", "wont_do"], closed_at__isnull=False),
                name="item_closed_iff_done",
            ),
            models.CheckConstraint(
                condition=~Q(status="wont_do") | ~Q(reason=""), name="item_wont_do_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_overdue(self) -> bool:
        """Open past its day, judged by the UTC date."""
        return self.status in OPEN_ITEMS and self.due_on < clock.now().date()

    def days_left(self, today: dt.date) -> int:
        return (self.due_on - today).days


class ItemReminder(models.Model):
    """A reminder that was sent: `kind` before or after the date; each once per due date."""

    item = models.ForeignKey(ActionItem, on_delete=models.CASCADE, related_name="reminders", db_index=False)
    kind = models.CharField(max_length=10)
    due_on = models.DateField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "kind", "due_on"], name="reminder_once")]

    def __str__(self) -> str:
        return f"{self.kind} reminder of {self.item_id}"
