from django.urls import path

from postmortems.views import comments, documents, pictures, sections

_SECTION = "postmortems/<int:pk>/sections/<slug:key>/"

urlpatterns = [
    path("postmortems/", documents.postmortem_list, name="list"),
    path("postmortems/<int:pk>/", documents.document, name="document"),
    path("postmortems/<int:pk>/contents/", sections.contents, name="contents"),
    path(_SECTION, sections.section, name="section"),
    path(f"{_SECTION}state/", sections.set_state, name="section_state"),
    path(f"{_SECTION}editing/", sections.editing, name="editing"),
    path(f"{_SECTION}revisions/", sections.revisions, name="revisions"),
    path(f"{_SECTION}restore/", sections.restore, name="restore"),
    path(f"{_SECTION}comments/", comments.add, name="add_comment"),
    path("postmortems/<int:pk>/comments/<int:comment_id>/", comments.change, name="comment"),
    path("postmortems/<int:pk>/preview/", sections.preview, name="preview"),
    path("postmortems/<int:pk>/images/", pictures.add_image, name="images"),
    path("postmortems/<int:pk>/images/<int:image_id>/", pictures.image, name="image"),
    path("postmortems/<int:pk>/mentions/", pictures.find_people, name="mentions"),
    path("postmortems/<int:pk>/naming/", documents.naming, name="naming"),
    path("postmortems/<int:pk>/move/", documents.move, name="move"),
    path("postmortems/<int:pk>/items/", documents.add_item, name="add_item"),
    path("postmortems/start/<int:number>/", documents.start, name="start"),
    path("postmortems/panel/<int:number>/", documents.panel, name="panel"),
]
