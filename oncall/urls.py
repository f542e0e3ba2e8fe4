from django.urls import path, re_path

from oncall.views import calendars, health, mine, overview, policies, schedule_page, schedules, shadows

app_name = "oncall"

urlpatterns = [
    path("oncall/", overview.overview, name="overview"),
    path("oncall/health/", health.page, name="health"),
    path("oncall/me/", mine.mine, name="me"),
    path("oncall/me/leave/add/", mine.add_leave, name="add_leave"),
    path("oncall/me/leave/<int:pk>/remove/", mine.remove_leave, name="remove_leave"),
    path("oncall/me/reminders/", mine.reminders, name="reminders"),
    re_path(
        r"^oncall/requests/(?P<pk>\d{1,18})/(?P<verb>accept|decline|cancel|undo)/$",
        mine.answer,
        name="answer_request",
    ),
    path("oncall/schedules/<int:pk>/ask/", mine.ask, name="ask"),
    path("oncall/schedules/<int:pk>/relieve/", mine.relieve, name="relieve"),
    path("oncall/schedules/<int:pk>/note/", mine.note, name="note"),
    path("oncall/schedules/<int:pk>/shadows/", shadows.shadows, name="shadows"),
    path("oncall/schedules/<int:pk>/shadows/<int:shadow_id>/remove/", shadows.remove, name="remove_shadow"),
    path("oncall/me/calendar/", overview.create_link, name="create_link"),
    path("oncall/me/calendar/<int:pk>/revoke/", overview.revoke_link, name="revoke_link"),
    path("oncall/schedules/new/", schedules.create, name="new_schedule"),
    path("oncall/schedules/<int:pk>/", schedule_page.detail, name="schedule"),
    path("oncall/schedules/<int:pk>/edit/", schedules.edit, name="edit_schedule"),
    path("oncall/schedules/<int:pk>/delete/", schedules.delete, name="delete_schedule"),
    path("oncall/schedules/<int:pk>/rotations/new/", schedules.rotation, name="new_rotation"),
    path("oncall/schedules/<int:pk>/rotations/<int:rotation_id>/", schedules.rotation, name="rotation"),
    path(
        "oncall/schedules/<int:pk>/rotations/<int:rotation_id>/delete/",
        schedules.delete_rotation,
        name="delete_rotation",
    ),
    path("oncall/schedules/<int:pk>/cover/", schedules.override, name="override"),
    path("oncall/schedules/<int:pk>/take/", schedules.take, name="take"),
    path(
        "oncall/schedules/<int:pk>/overrides/<int:override_id>/delete/",
        schedules.delete_override,
        name="delete_override",
    ),
    path("oncall/me/calendars/", calendars.calendars, name="my_calendars"),
    path("oncall/me/calendars/<int:pk>/", calendars.calendar, name="my_calendar"),
    path("oncall/me/calendars/<int:pk>/refresh/", calendars.refresh, name="my_calendar_refresh"),
    path("oncall/me/calendars/<int:pk>/remove/", calendars.remove, name="my_calendar_remove"),
    path("oncall/schedules/<int:schedule_pk>/calendars/", calendars.calendars, name="calendars"),
    path("oncall/schedules/<int:schedule_pk>/calendars/<int:pk>/", calendars.calendar, name="calendar"),
    path(
        "oncall/schedules/<int:schedule_pk>/calendars/<int:pk>/refresh/",
        calendars.refresh,
        name="calendar_refresh",
    ),
    path(
        "oncall/schedules/<int:schedule_pk>/calendars/<int:pk>/remove/",
        calendars.remove,
        name="calendar_remove",
    ),
    path("oncall/policies/new/", policies.edit, name="new_policy"),
    path("oncall/policies/<int:pk>/", policies.detail, name="policy"),
    path("oncall/policies/<int:pk>/edit/", policies.edit, name="edit_policy"),
    path("oncall/policies/<int:pk>/delete/", policies.delete, name="delete_policy"),
]
