"""What the API takes."""

from __future__ import annotations

from rest_framework import serializers

from core.api.serializers import StrictSerializer
from statuspage.actions.common import MAX_BODY, MAX_TITLE
from statuspage.actions.metrics import MAX_POINTS
from statuspage.choices import (
    ComponentStatus,
    Follows,
    Impact,
    Language,
    NoticeKind,
    NoticeStatus,
    PageAccess,
    Repeats,
)

_MOST = 2**31 - 1


def _texts(longest: int) -> serializers.DictField:
    return serializers.DictField(
        child=serializers.CharField(max_length=longest, allow_blank=True), required=False
    )


def _ids(**options: object) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=12),
        required=False,
        max_length=200,
        **options,  # type: ignore[arg-type] # DRF's own keywords
    )


def _bodies(*, required: bool = True) -> serializers.CharField:
    return serializers.CharField(max_length=MAX_BODY, required=required)


class PagePatch(StrictSerializer):
    """`password` is only written. `domain`: "" for none."""

    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    access = serializers.ChoiceField(PageAccess.choices, required=False)
    password = serializers.CharField(max_length=200, required=False, write_only=True)
    domain = serializers.CharField(max_length=253, required=False, allow_blank=True)
    languages = serializers.ListField(
        child=serializers.ChoiceField(Language.choices), required=False, min_length=1, max_length=10
    )
    time_zone = serializers.CharField(max_length=64, required=False)
    accent = serializers.CharField(max_length=7, required=False, allow_blank=True)
    home_url = serializers.CharField(max_length=500, required=False, allow_blank=True)
    support_url = serializers.CharField(max_length=500, required=False, allow_blank=True)
    hidden_from_search = serializers.BooleanField(required=False)
    needs_approval = serializers.BooleanField(required=False)
    shows_uptime = serializers.BooleanField(required=False)
    takes_subscribers = serializers.BooleanField(required=False)


class PageInput(StrictSerializer):
    name = serializers.CharField(max_length=120)
    slug = serializers.SlugField(max_length=60, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    team = serializers.CharField(max_length=80, required=False, allow_null=True)
    time_zone = serializers.CharField(max_length=64, required=False)
    languages = serializers.ListField(
        child=serializers.ChoiceField(Language.choices), required=False, min_length=1, max_length=10
    )


class GroupInput(StrictSerializer):
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    folded = serializers.BooleanField(required=False)


class GroupPatch(GroupInput):
    name = serializers.CharField(max_length=120, required=False)


class ComponentPatch(StrictSerializer):
    """`group`: its id, null for none. `services`: slugs of the catalog."""

    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    group = serializers.CharField(max_length=12, required=False, allow_null=True)
    services = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, max_length=50
    )
    follows = serializers.ChoiceField(Follows.choices, required=False)
    showcase = serializers.BooleanField(required=False)
    only_show_if_degraded = serializers.BooleanField(required=False)
    start_date = serializers.DateField(required=False, allow_null=True)


class ComponentInput(ComponentPatch):
    name = serializers.CharField(max_length=120)


class ComponentStatusInput(StrictSerializer):
    """ "" gives the component back to what it follows."""

    status = serializers.ChoiceField(ComponentStatus.choices, allow_blank=True)


class PageOrderInput(StrictSerializer):
    """Ids of all groups and components in the order they are to stand in."""

    order = serializers.ListField(child=serializers.CharField(max_length=12), max_length=250)


class _WordsInput(StrictSerializer):
    """What an update says."""

    body = _bodies()
    body_in = _texts(MAX_BODY)
    status = serializers.ChoiceField(NoticeStatus.choices, required=False)
    component_status = serializers.ChoiceField(ComponentStatus.choices, required=False)
    component_statuses = serializers.DictField(
        child=serializers.ChoiceField(ComponentStatus.choices), required=False
    )
    next_update_at = serializers.DateTimeField(required=False, allow_null=True)
    eta_at = serializers.DateTimeField(required=False, allow_null=True)
    deliver = serializers.BooleanField(required=False)


class NoticeUpdateInput(_WordsInput):
    """`component_status` sets every component of the notice, `component_statuses` some of them by id."""


class NoticeInput(_WordsInput):
    """`components`: ids. `component_status` sets all of them, `component_statuses` some by id. `incident`: number
    of the incident inside. Planned work (`kind` maintenance) needs `scheduled_for` and `scheduled_until`."""

    title = serializers.CharField(max_length=MAX_TITLE)
    title_in = _texts(MAX_TITLE)
    kind = serializers.ChoiceField(NoticeKind.choices, required=False)
    impact = serializers.ChoiceField(Impact.choices, required=False)
    components = _ids()
    incident = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=_MOST)
    scheduled_for = serializers.DateTimeField(required=False, allow_null=True)
    scheduled_until = serializers.DateTimeField(required=False, allow_null=True)
    auto_start = serializers.BooleanField(required=False)
    auto_end = serializers.BooleanField(required=False)
    remind_minutes = serializers.ListField(
        child=serializers.IntegerField(min_value=5, max_value=20_160), required=False, max_length=5
    )
    repeats = serializers.ChoiceField(Repeats.choices, required=False)
    repeats_until = serializers.DateField(required=False, allow_null=True)


class FromIncidentInput(StrictSerializer):
    """A notice from an incident; its text is the incident's public update, approved as those are."""

    incident = serializers.IntegerField(min_value=1, max_value=_MOST)
    title = serializers.CharField(max_length=MAX_TITLE)
    title_in = _texts(MAX_TITLE)
    body = _bodies()
    body_in = _texts(MAX_BODY)
    components = _ids()
    component_statuses = serializers.DictField(
        child=serializers.ChoiceField(ComponentStatus.choices), required=False
    )
    next_update_in_minutes = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=10_080
    )
    eta_at = serializers.DateTimeField(required=False, allow_null=True)


class NoticePatch(StrictSerializer):
    """`impact` "" follows the components again."""

    title = serializers.CharField(max_length=MAX_TITLE, required=False)
    title_in = _texts(MAX_TITLE)
    impact = serializers.ChoiceField(Impact.choices, required=False, allow_blank=True)
    components = _ids()
    eta_at = serializers.DateTimeField(required=False, allow_null=True)


class PastUpdateInput(StrictSerializer):
    at = serializers.DateTimeField()
    status = serializers.ChoiceField(NoticeStatus.choices)
    body = _bodies()


class BackfillInput(StrictSerializer):
    """What happened, written down afterwards; updates oldest first, the last one resolved."""

    title = serializers.CharField(max_length=MAX_TITLE)
    title_in = _texts(MAX_TITLE)
    impact = serializers.ChoiceField(Impact.choices, required=False)
    component_statuses = serializers.DictField(
        child=serializers.ChoiceField(ComponentStatus.choices), required=False
    )
    updates = serializers.ListField(child=PastUpdateInput(), min_length=1, max_length=100)


class MoveInput(StrictSerializer):
    """New times of planned work; `body` "" says them."""

    scheduled_for = serializers.DateTimeField(required=False, allow_null=True)
    scheduled_until = serializers.DateTimeField(required=False, allow_null=True)
    body = serializers.CharField(max_length=MAX_BODY, required=False, allow_blank=True)


class CancelInput(StrictSerializer):
    body = serializers.CharField(max_length=MAX_BODY, required=False, allow_blank=True)


class RefuseInput(StrictSerializer):
    reason = serializers.CharField(max_length=300)


class CorrectWordsInput(StrictSerializer):
    body = _bodies(required=False)
    body_in = _texts(MAX_BODY)
    said_at = serializers.DateTimeField(required=False)


class CorrectionInput(StrictSerializer):
    component = serializers.CharField(max_length=12)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    status = serializers.ChoiceField(ComponentStatus.choices)
    reason = serializers.CharField(max_length=300)


class NoticeTemplateInput(StrictSerializer):
    name = serializers.CharField(max_length=100)
    kind = serializers.ChoiceField(NoticeKind.choices, required=False)
    status = serializers.ChoiceField(NoticeStatus.choices, required=False)
    title = serializers.CharField(max_length=MAX_TITLE)
    title_in = _texts(MAX_TITLE)
    body = _bodies()
    body_in = _texts(MAX_BODY)


class MetricInput(StrictSerializer):
    name = serializers.CharField(max_length=120)
    suffix = serializers.CharField(max_length=12, required=False, allow_blank=True)
    decimals = serializers.IntegerField(min_value=0, max_value=6, required=False)


class PointInput(StrictSerializer):
    at = serializers.DateTimeField()
    value = serializers.FloatField(min_value=-1e15, max_value=1e15)


class PointsInput(StrictSerializer):
    points = serializers.ListField(child=PointInput(), min_length=1, max_length=MAX_POINTS)


class TakenSerializer(StrictSerializer):
    taken = serializers.IntegerField()
