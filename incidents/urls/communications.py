"""Updates, customers, stakeholders and following."""

from django.urls import path

from incidents.views import communications, customers, stakeholders

urlpatterns = [
    path("incidents/<int:number>/update/", communications.ComposerView.as_view(), name="update"),
    path(
        "incidents/<int:number>/updates/<int:update_id>/",
        communications.UpdateView.as_view(),
        name="update_detail",
    ),
    path("incidents/<int:number>/executive/", communications.ExecutiveView.as_view(), name="executive"),
    path("incidents/<int:number>/customers/", customers.MessageView.as_view(), name="customer_messages"),
    path(
        "incidents/<int:number>/customers/<int:message_id>/",
        customers.SentMessageView.as_view(),
        name="customer_message",
    ),
    path("follow/incident/<int:pk>/", stakeholders.follow, {"kind": "incident"}, name="follow_incident"),
    path("follow/service/<int:pk>/", stakeholders.follow, {"kind": "service"}, name="follow_service"),
    path("follow/team/<int:pk>/", stakeholders.follow, {"kind": "team"}, name="follow_team"),
    path("follow/panel/<slug:kind>/<int:pk>/", stakeholders.follow_panel, name="follow_panel"),
    path("stop/<str:token>/", stakeholders.StopView.as_view(), name="stop"),
    path("settings/following/", stakeholders.FollowingView.as_view(), name="following"),
    path("settings/stakeholders/", stakeholders.ListsView.as_view(), name="stakeholder_lists"),
    path("settings/stakeholders/<int:list_id>/", stakeholders.ListView.as_view(), name="stakeholder_list"),
    path("settings/update-templates/", stakeholders.TemplatesView.as_view(), name="update_templates"),
    path("settings/update-templates/new/", stakeholders.TemplateView.as_view(), name="new_update_template"),
    path(
        "settings/update-templates/<int:template_id>/",
        stakeholders.TemplateView.as_view(),
        name="update_template",
    ),
    path("settings/customers/", customers.ContactsView.as_view(), name="customers"),
    path("settings/customers/new/", customers.ContactView.as_view(), name="new_customer"),
    path("settings/customers/import/", customers.ImportView.as_view(), name="customer_import"),
    path("settings/customers/<int:contact_id>/", customers.ContactView.as_view(), name="customer"),
]
