from django.urls import path

from postmortems.views import whys as views

urlpatterns = [
    path("postmortems/<int:pk>/whys/", views.whys, name="whys"),
    path("postmortems/<int:pk>/whys/begin/", views.begin, name="why_begin"),
    path("postmortems/<int:pk>/whys/add/", views.add, name="why_add"),
    path("postmortems/<int:pk>/whys/<int:node_id>/", views.change, name="why_change"),
    path("postmortems/<int:pk>/whys/<int:node_id>/move/", views.move, name="why_move"),
    path("postmortems/<int:pk>/whys/<int:node_id>/remove/", views.remove, name="why_remove"),
    path("postmortems/<int:pk>/factors/", views.add_factor, name="factor_add"),
    path("postmortems/<int:pk>/factors/<int:factor_id>/remove/", views.remove_factor, name="factor_remove"),
]
