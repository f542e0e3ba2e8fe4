"""Who hears of an incident without working on it: stakeholders, followers, customers, support."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from notifications.choices import Channel
from teams.querysets import OwnedQuerySet


class StakeholderList(models.Model):
    """People who hear of incidents of a team, of a service or of all, down to a rank.

    Its people get internal or executive updates by the way that is set for each of them.
    """

    name = models.CharField(_("name"), max_length=100)
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="stakeholder_lists"
    )
    service = models.ForeignKey(
        "services.Service", null=True, blank=True, on_delete=models.CASCADE, related_name="stakeholder_lists"
    )
    to_rank = models.PositiveSmallIntegerField(
        _("down to rank"), null=True, blank=True, validators=[MaxValueValidator(4)]
    )
    internal = models.BooleanField(_("internal updates"), default=True)
    executive = models.BooleanField(_("executive updates"), default=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(internal=True) | Q(executive=True), name="stakeholders_hear_something"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Stakeholder(models.Model):
    """Somebody on a list: a person of the house by one of their ways, or a mail address."""

    list = models.ForeignKey(StakeholderList, on_delete=models.CASCADE, related_name="people")
    user = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.CASCADE, related_name="stakes"
    )
    address = models.EmailField(blank=True, default="")
    name = models.CharField(max_length=150, blank=True, default="")
    channel = models.CharField(max_length=20, choices=Channel.choices, default=Channel.EMAIL)

    class Meta:
        ordering = ["list_id", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, address="") | (Q(user__isnull=True) & ~Q(address="")),
                name="stakeholder_person_or_address",
            ),
            models.UniqueConstraint(
                fields=["list", "user"], condition=Q(user__isnull=False), name="stakeholder_person_once"
            ),
            models.UniqueConstraint(
                fields=["list", "address"], condition=~Q(address=""), name="stakeholder_address_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.address or str(self.user)


class Follow(models.Model):
    """Somebody wants the internal updates of an incident, a service or a team."""

    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="follows")
    incident = models.ForeignKey(
        "incidents.Incident", null=True, blank=True, on_delete=models.CASCADE, related_name="followers"
    )
    service = models.ForeignKey(
        "services.Service", null=True, blank=True, on_delete=models.CASCADE, related_name="followers"
    )
    team = models.ForeignKey(
        "teams.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="followers"
    )
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(incident__isnull=False, service__isnull=True, team__isnull=True)
                | Q(incident__isnull=True, service__isnull=False, team__isnull=True)
                | Q(incident__isnull=True, service__isnull=True, team__isnull=False),
                name="follow_one_thing",
            ),
            models.UniqueConstraint(
                fields=["user", "incident"], condition=Q(incident__isnull=False), name="follow_incident_once"
            ),
            models.UniqueConstraint(
                fields=["user", "service"], condition=Q(service__isnull=False), name="follow_service_once"
            ),
            models.UniqueConstraint(
                fields=["user", "team"], condition=Q(team__isnull=False), name="follow_team_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} follows {self.incident_id or self.service_id or self.team_id}"


class CustomerReport(models.Model):
    """A customer told support: "+1"."""

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="reports", db_index=False
    )
    customer = models.CharField(max_length=200, blank=True, default="")
    ticket = models.CharField(max_length=100, blank=True, default="")
    ticket_link = models.URLField(max_length=500, blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="")
    reported_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    reported_by_label = models.CharField(max_length=200)
    reported_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["incident", "reported_at"], name="report_by_incident")]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "ticket"], condition=~Q(ticket=""), name="report_ticket_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer} on {self.incident_id}"


class SupportQuestion(models.Model):
    """Support asks the people in charge of the words; the answer is seen by all of support."""

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="questions", db_index=False
    )
    text = models.CharField(max_length=1000)
    asked_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_by_label = models.CharField(max_length=200)
    asked_at = models.DateTimeField(default=clock.now)
    answer = models.TextField(max_length=2000, blank=True, default="")
    answered_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["incident_id", "id"]
        indexes = [models.Index(fields=["incident", "asked_at"], name="question_by_incident")]

    def __str__(self) -> str:
        return self.text


class CustomerContact(models.Model):
    """A person at a customer who may be written to about the services the customer uses."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True, default="")
    company = models.CharField(_("company"), max_length=150, blank=True, default="")
    segment = models.CharField(_("segment"), max_length=60, blank=True, default="")
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    services = models.ManyToManyField("services.Service", related_name="customer_contacts", blank=True)
    active = models.BooleanField(_("may be written to"), default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["company", "name", "pk"]
        indexes = [models.Index(fields=["company", "id"], name="contact_by_company")]

    def __str__(self) -> str:
        return f"{self.name or self.email} ({self.company})" if self.company else self.name or self.email


class CustomerMessage(models.Model):
    """An approved text for named customers, sent one by one. Results are its deliveries' (`source`)."""

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="customer_messages"
    )
    template = models.ForeignKey(
        "incidents.UpdateTemplate", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    subject = models.CharField(max_length=200)
    body = models.TextField()
    recipients = models.ManyToManyField(CustomerContact, related_name="messages")
    author = models.ForeignKey("teams.User", null=True, on_delete=models.SET_NULL, related_name="+")
    author_label = models.CharField(max_length=200)
    written_at = models.DateTimeField(default=clock.now)
    approved_by = models.ForeignKey(
        "teams.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.subject} ({self.incident_id})"

    @property
    def source(self) -> str:
        """The `source` of its deliveries."""
        return f"customers:{self.pk}"


class IncidentFeedback(models.Model):
    """How somebody who took part found the response. `anonymous` hides the name from everybody."""

    incident = models.ForeignKey(
        "incidents.Incident", on_delete=models.CASCADE, related_name="feedback", db_index=False
    )
    user = models.ForeignKey("teams.User", on_delete=models.CASCADE, related_name="+")
    rating = models.PositiveSmallIntegerField(null=True, blank=True)
    went_well = models.TextField(max_length=2000, blank=True, default="")
    was_hard = models.TextField(max_length=2000, blank=True, default="")
    anonymous = models.BooleanField(default=False)
    written_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["incident_id", "id"]
        verbose_name_plural = "incident feedback"
        constraints = [
            models.UniqueConstraint(fields=["incident", "user"], name="feedback_once_a_person"),
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__gte=1, rating__lte=5),
                name="feedback_rating_1_to_5",
            ),
        ]

    def __str__(self) -> str:
        return f"feedback on {self.incident_id}"
