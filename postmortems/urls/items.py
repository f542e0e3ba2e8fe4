from django.urls import path

from postmortems.views import item_page as page
from postmortems.views import items as views

urlpatterns = [
    path("action-items/", views.item_list, name="items"),
    path("action-items.ics", views.calendar_feed, name="items_feed"),
    path("action-items/calendar/", views.calendar_link, name="items_calendar"),
    path("action-items/new/", views.new_item, name="item_new"),
    path("action-items/<int:pk>/", page.item, name="item"),
    path("action-items/<int:pk>/edit/", page.edit, name="item_edit"),
    path("action-items/<int:pk>/state/", page.state, name="item_state"),
    path("action-items/<int:pk>/done/", page.done, name="item_done"),
    path("action-items/<int:pk>/snooze/", page.snooze, name="item_snooze"),
    path("action-items/<int:pk>/drop/", page.drop, name="item_drop"),
    path("action-items/<int:pk>/decide/", page.decide, name="item_decide"),
    path("action-items/<int:pk>/notes/", page.note, name="item_note"),
]
