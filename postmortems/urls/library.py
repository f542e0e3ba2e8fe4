from django.urls import path

from postmortems.views import library

urlpatterns = [
    path("postmortems/library/", library.library, name="library"),
    path("postmortems/similar/<int:number>/", library.similar, name="similar"),
    path("postmortems/<int:pk>/similar/", library.similar_of_document, name="document_similar"),
]
