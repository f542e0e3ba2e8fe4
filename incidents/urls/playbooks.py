from django.urls import path

from incidents.views import playbooks

urlpatterns = [
    path("playbooks/", playbooks.playbook_list, name="playbooks"),
    path("playbooks/new/", playbooks.edit, name="playbook_new"),
    path("playbooks/<int:pk>/", playbooks.playbook_page, name="playbook"),
    path("playbooks/<int:pk>/edit/", playbooks.edit, name="playbook_edit"),
    path("playbooks/<int:pk>/tested/", playbooks.tested, name="playbook_tested"),
    path("playbooks/<int:pk>/retire/", playbooks.retire, name="playbook_retire"),
    path("playbooks/<int:pk>/start/", playbooks.start, name="playbook_start"),
]
