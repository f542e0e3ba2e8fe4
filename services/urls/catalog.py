from django.urls import path

from services.views import ownership, pages, readiness, structure, vendors

urlpatterns = [
    path("services/", pages.service_list, name="list"),
    path("services/new/", pages.edit, name="new"),
    path("services/readiness/", readiness.score, name="readiness_all"),
    path("services/vendors/", vendors.vendor_list, name="vendors"),
    path("services/systems/", structure.structure, name="structure"),
    path("services/systems/new/", structure.part, {"kind": "system"}, name="system_new"),
    path("services/systems/<slug:slug>/", structure.part, {"kind": "system"}, name="system"),
    path(
        "services/systems/<slug:slug>/delete/",
        structure.remove_part,
        {"kind": "system"},
        name="system_delete",
    ),
    path("services/domains/new/", structure.part, {"kind": "domain"}, name="domain_new"),
    path("services/domains/<slug:slug>/", structure.part, {"kind": "domain"}, name="domain"),
    path(
        "services/domains/<slug:slug>/delete/",
        structure.remove_part,
        {"kind": "domain"},
        name="domain_delete",
    ),
    path("services/transfers/<int:pk>/<slug:verb>/", ownership.answer, name="transfer_answer"),
    path("services/<slug:slug>/", pages.detail, name="detail"),
    path("services/<slug:slug>/edit/", pages.edit, name="edit"),
    path("services/<slug:slug>/delete/", pages.delete, name="delete"),
    path("services/<slug:slug>/history/", pages.history, name="history"),
    path("services/<slug:slug>/transfer/", ownership.transfer, name="transfer"),
    path("services/<slug:slug>/vendor/", vendors.vendor, name="vendor"),
    path("services/<slug:slug>/agreements/", vendors.agreements, name="agreements"),
    path("services/<slug:slug>/readiness/", readiness.service, name="readiness"),
    path("services/<slug:slug>/readiness/confirm/", readiness.confirm, name="readiness_confirm"),
    path("services/<slug:slug>/readiness/items/", readiness.items, name="access_items"),
    path("settings/catalog/", structure.setup, name="setup"),
    path("settings/catalog/fields/new/", structure.field, name="field_new"),
    path("settings/catalog/fields/<slug:key>/", structure.field, name="field"),
]
