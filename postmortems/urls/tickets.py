from django.urls import path

from postmortems.views import tickets as views

urlpatterns = [
    path("action-items/<int:pk>/ticket/", views.create, name="ticket_create"),
    path("action-items/<int:pk>/ticket/confirm/", views.confirm, name="ticket_confirm"),
    path("action-items/<int:pk>/ticket/retry/", views.retry, name="ticket_retry"),
    path("action-items/<int:pk>/ticket/remove/", views.remove, name="ticket_remove"),
]
