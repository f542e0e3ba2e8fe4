from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from teams.views import audit, entrance, me, people, saved_views, single_sign_on, teams

app_name = "teams"

urlpatterns = [
    path("saved-views/", saved_views.save, name="save-view"),
    path("saved-views/<int:pk>/delete/", saved_views.delete, name="delete-view"),
    path("setup/", entrance.SetupView.as_view(), name="setup"),
    path("invite/<str:secret>/", entrance.InvitationView.as_view(), name="invitation"),
    path("accounts/login/", entrance.SignInView.as_view(), name="sign-in"),
    # In place of allauth's own pair, at the same addresses.
    path("accounts/oidc/<str:provider_id>/login/", single_sign_on.begin, name="single-sign-on"),
    path("accounts/oidc/<str:provider_id>/login/callback/", single_sign_on.callback, name="sign-on-callback"),
    # The form would let anybody choose an address that nobody has checked.
    path("accounts/3rdparty/signup/", RedirectView.as_view(pattern_name="account_login")),
    # Addresses are changed by admins; allauth's page would let anybody claim one.
    path("accounts/email/", RedirectView.as_view(pattern_name="teams:profile")),
    path("accounts/2fa/", RedirectView.as_view(pattern_name="teams:security")),
    path("accounts/sessions/", RedirectView.as_view(pattern_name="teams:security")),
    path("settings/", me.IndexView.as_view(), name="settings"),
    path("settings/profile/", me.ProfileView.as_view(), name="profile"),
    path("settings/security/", me.SecurityView.as_view(), name="security"),
    path("settings/security/sessions/end/", me.EndSessionView.as_view(), name="end-other-sessions"),
    path("settings/security/sessions/<int:session_id>/end/", me.EndSessionView.as_view(), name="end-session"),
    path("settings/tokens/", me.TokensView.as_view(), name="tokens"),
    path("settings/tokens/<int:token_id>/revoke/", me.RevokeTokenView.as_view(), name="revoke-token"),
    path("settings/teams/", teams.TeamListView.as_view(), name="teams"),
    path("settings/teams/new/", teams.NewTeamView.as_view(), name="new-team"),
    path("settings/teams/<slug:slug>/", teams.TeamDetailView.as_view(), name="team"),
    path("settings/teams/<slug:slug>/members/", teams.AddMemberView.as_view(), name="add-member"),
    path(
        "settings/teams/<slug:slug>/members/<int:user_id>/role/",
        teams.MemberRoleView.as_view(),
        name="member-role",
    ),
    path(
        "settings/teams/<slug:slug>/members/<int:user_id>/remove/",
        teams.RemoveMemberView.as_view(),
        name="remove-member",
    ),
    path("settings/teams/<slug:slug>/invite/", teams.TeamInviteView.as_view(), name="invite-to-team"),
    path(
        "settings/invitations/<int:invitation_id>/revoke/",
        teams.RevokeInvitationView.as_view(),
        name="revoke-invitation",
    ),
    path("settings/people/", people.PeopleView.as_view(), name="people"),
    path("settings/people/invite/", people.InviteTableView.as_view(), name="invite-table"),
    path("settings/people/<int:user_id>/", people.PersonView.as_view(), name="person"),
    path("settings/people/<int:user_id>/deactivate/", people.DeactivateView.as_view(), name="deactivate"),
    path("settings/people/<int:user_id>/reactivate/", people.ReactivateView.as_view(), name="reactivate"),
    *(
        path(
            f"settings/people/<int:user_id>/{what}/",
            people.PersonAccessView.as_view(),
            {"what": what},
            name=f"person-{what}",
        )
        for what in ("link", "second-factor", "sessions")
    ),
    path("settings/audit/", audit.AuditView.as_view(), name="audit"),
]
