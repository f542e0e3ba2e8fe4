from django.urls import path, re_path

from incidents.views import tasks

urlpatterns = [
    path("incidents/<int:number>/tasks/", tasks.lanes_page, name="tasks"),
    path("incidents/<int:number>/tasks/new/", tasks.new, name="task_new"),
    re_path(
        rf"^incidents/(?P<number>[0-9]{{1,9}})/tasks/(?P<task_id>[0-9]{{1,18}})/(?P<name>{'|'.join(tasks.MOVES)})/$",
        tasks.move,
        name="task_move",
    ),
]
