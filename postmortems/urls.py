from django.urls import path

from postmortems.views import pages

app_name = "postmortems"

urlpatterns = [
    path("postmortems/", pages.postmortem_list, name="list"),
    path("postmortems/<int:pk>/", pages.document, name="document"),
    path("postmortems/<int:pk>/sections/<slug:key>/", pages.save_section, name="section"),
    path("postmortems/<int:pk>/move/", pages.move, name="move"),
    path("postmortems/<int:pk>/items/", pages.add_item, name="add_item"),
    path("postmortems/start/<int:number>/", pages.start, name="start"),
    path("postmortems/panel/<int:number>/", pages.panel, name="panel"),
    path("action-items/", pages.item_list, name="items"),
    path("action-items/<int:pk>/", pages.edit_item, name="item"),
]
