from django.urls import URLPattern, URLResolver, include, path, re_path

from statuspage.views import (
    backfilling,
    components,
    figures,
    from_incident,
    notices,
    pages,
    private,
    templates,
)

app_name = "statuspage"

_managed: list[URLPattern | URLResolver] = [
    path("", notices.overview, name="manage"),
    path("settings/", pages.page_settings, name="settings"),
    path("settings/logo/", pages.page_logo, name="logo"),
    path("settings/remove/", pages.page_remove, name="remove"),
    path("log/", pages.page_log, name="log"),
    path("components/", components.component_list, name="components"),
    path("components/new/", components.component_new, name="component_new"),
    path("components/<slug:part>/", components.component_edit, name="component"),
    path("components/<slug:part>/set/", components.component_set, name="component_set"),
    path("components/<slug:part>/remove/", components.component_remove, name="component_remove"),
    path("arrange/<slug:part>/", components.arrange, name="arrange"),
    path("groups/", components.group_save, name="group_new"),
    path("groups/<slug:part>/", components.group_edit, name="group"),
    path("groups/<slug:part>/save/", components.group_save, name="group_save"),
    path("notices/new/", notices.notice_new, name="notice_new"),
    path("notices/backfill/", backfilling.backfill, name="backfill"),
    path("notices/preview/", notices.notice_preview, name="notice_preview"),
    path("notices/<slug:notice>/", notices.notice_page, name="notice"),
    path("notices/<slug:notice>/say/", notices.notice_say, name="notice_say"),
    path("notices/<slug:notice>/edit/", notices.notice_edit, name="notice_edit"),
    path("notices/<slug:notice>/move/", notices.notice_move, name="notice_move"),
    path("notices/<slug:notice>/cancel/", notices.notice_cancel, name="notice_cancel"),
    path("notices/<slug:notice>/remove/", notices.notice_remove, name="notice_remove"),
    path("words/<slug:update>/decide/", notices.words_decide, name="words_decide"),
    path("words/<slug:update>/correct/", notices.words_correct, name="words_correct"),
    path("figures/", figures.figures, name="figures"),
    path("figures/corrections/", figures.correct, name="correct"),
    path("figures/corrections/<int:pk>/", figures.withdraw, name="withdraw"),
    path("figures/metrics/", figures.metric_save, name="metric_new"),
    path("figures/metrics/<slug:part>/", figures.metric_save, name="metric_remove"),
    path("subscribers/", include("statuspage.urls.subscribers")),
    path("templates/", templates.template_list, name="templates"),
    path("templates/new/", templates.template_form, name="template_new"),
    path("templates/<int:pk>/", templates.template_form, name="template"),
    path("templates/<int:pk>/remove/", templates.template_remove, name="template_remove"),
]

urlpatterns = [
    path("statuspages/", pages.page_list, name="list"),
    path("statuspages/new/", pages.page_new, name="new"),
    path("statuspages/panel/<int:number>/", from_incident.panel, name="panel"),
    path("statuspages/from-incident/<int:number>/", from_incident.tell, name="from_incident"),
    path("statuspages/<slug:slug>/", include(_managed)),
    path("status/<slug:slug>/", include("statuspage.urls.public")),
    path("status/<slug:slug>/unlock/", private.open_page, name="unlock"),
    re_path(r"^status/(?P<slug>[-a-z0-9_]{1,60})/(?P<rest>.*)$", private.read, name="read"),
]
