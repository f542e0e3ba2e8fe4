from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SeverityLevel(models.Model):
    """A rank and its promises. Minutes, hours and days; null means no promise.

    `light`: one owner, notes and resolve; no nags about roles. `policies`: paged beside the incident's own
    when the rank is set.

    Unsure between two: take the higher one.
    """

    rank = models.PositiveSmallIntegerField(primary_key=True)
    label = models.CharField(_("label"), max_length=40)
    meaning = models.CharField(_("meaning"), max_length=300)
    ack_minutes = models.PositiveIntegerField(_("acknowledge within (min)"), null=True, blank=True)
    internal_update_minutes = models.PositiveIntegerField(
        _("internal update every (min)"), null=True, blank=True
    )
    public_update_minutes = models.PositiveIntegerField(_("public update every (min)"), null=True, blank=True)
    executive_minutes = models.PositiveIntegerField(_("executive told within (min)"), null=True, blank=True)
    review_hours = models.PositiveIntegerField(_("review held within (h)"), null=True, blank=True)
    postmortem_days = models.PositiveIntegerField(_("postmortem due in (days)"), null=True, blank=True)
    postmortem_working_days = models.BooleanField(_("count working days only"), default=False)
    postmortem_required = models.BooleanField(_("postmortem required"), default=False)
    needs_commander = models.BooleanField(_("commander required"), default=False)
    commander_minutes = models.PositiveIntegerField(_("commander named within (min)"), null=True, blank=True)
    first_public_minutes = models.PositiveIntegerField(
        _("first public update within (min)"), null=True, blank=True
    )
    light = models.BooleanField(_("light page"), default=False)
    policies = models.ManyToManyField(
        "oncall.EscalationPolicy", verbose_name=_("pages these as well"), blank=True, related_name="+"
    )

    class Meta:
        ordering = ["rank"]
        constraints = [models.CheckConstraint(condition=Q(rank__lte=4), name="severity_rank_0_to_4")]

    def __str__(self) -> str:
        return f"Sev-{self.rank} / {self.label}"
