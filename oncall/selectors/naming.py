"""Which schedules somebody serves in."""

from __future__ import annotations

from collections.abc import Iterable

from oncall.models import Schedule


def schedules_serving(user_ids: Iterable[int]) -> list[Schedule]:
    """Schedules in which any of them is in a rotation, stands in, or is named by a calendar. Two statements."""
    ids = list(user_ids)
    if not ids:
        return []
    found = Schedule.objects.extra(
        where=[
            "(EXISTS (SELECT 1 FROM oncall_rotation r, jsonb_path_query(r.members, '$[*][*]') m"
            " WHERE r.schedule_id = oncall_schedule.id AND m = ANY (SELECT to_jsonb(u) FROM unnest(%s::bigint[]) u))"
            " OR EXISTS (SELECT 1 FROM oncall_override o"
            " WHERE o.schedule_id = oncall_schedule.id AND o.user_id = ANY (%s::bigint[]))"
            " OR EXISTS (SELECT 1 FROM oncall_externalcalendar c JOIN oncall_importedshift i ON i.calendar_id = c.id"
            " WHERE c.schedule_id = oncall_schedule.id AND i.user_id = ANY (%s::bigint[])))"
        ],
        params=[ids, ids, ids],
    )
    return list(found.select_related("team").order_by("pk"))
