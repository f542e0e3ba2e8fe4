from postmortems.urls import documents, exports, items, library, review, tickets, whys

app_name = "postmortems"

urlpatterns = [
    *review.urlpatterns,
    *documents.urlpatterns,
    *items.urlpatterns,
    *tickets.urlpatterns,
    *whys.urlpatterns,
    *library.urlpatterns,
    *exports.urlpatterns,
]
