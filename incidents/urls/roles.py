from django.urls import path, re_path

from incidents.views import roles

_ONE = r"^incidents/(?P<number>[0-9]{1,9})/"

urlpatterns = [
    re_path(
        rf"{_ONE}roles/(?P<role>[-a-z0-9_]{{1,20}})/(?P<name>{'|'.join(roles.ROLE_MOVES)})/$",
        roles.role_move,
        name="role_move",
    ),
    re_path(
        rf"{_ONE}role-offers/(?P<offer_id>[0-9]{{1,18}})/(?P<name>{'|'.join(roles.OFFER_MOVES)})/$",
        roles.answer,
        name="role_answer",
    ),
    re_path(rf"{_ONE}join/(?P<role>responder|observer)/$", roles.join, name="join"),
    path("incidents/<int:number>/leave/", roles.leave, name="leave"),
    path("settings/roles/", roles.RoleList.as_view(), name="settings_roles"),
    path("settings/roles/new/", roles.RoleEdit.as_view(), name="settings_role_new"),
    path("settings/roles/<slug:key>/", roles.RoleEdit.as_view(), name="settings_role"),
]
