from django.urls import path

from oncall.views import overview, policies, schedules

app_name = "oncall"

urlpatterns = [
    path("oncall/", overview.overview, name="overview"),
    path("oncall/me/", overview.mine, name="me"),
    path("oncall/me/calendar/", overview.create_link, name="create_link"),
    path("oncall/me/calendar/<int:pk>/revoke/", overview.revoke_link, name="revoke_link"),
    path("oncall/schedules/new/", schedules.create, name="new_schedule"),
    path("oncall/schedules/<int:pk>/", schedules.detail, name="schedule"),
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
    path("oncall/policies/new/", policies.edit, name="new_policy"),
    path("oncall/policies/<int:pk>/", policies.detail, name="policy"),
    path("oncall/policies/<int:pk>/edit/", policies.edit, name="edit_policy"),
    path("oncall/policies/<int:pk>/delete/", policies.delete, name="delete_policy"),
]
