from django.urls import path

from postmortems.views import meetings, people, public, review, templates

_ONE = "postmortems/<int:pk>/"
_MEETING = f"{_ONE}meetings/<int:meeting_id>"

urlpatterns = [
    path(f"{_ONE}people/", people.people, name="people"),
    path(f"{_ONE}attendees/", people.attendees, name="attendees"),
    path(f"{_ONE}review/", review.bar, name="review"),
    path(f"{_ONE}reviewers/", review.reviewers, name="reviewers"),
    path(f"{_ONE}answer/", review.answer, name="answer"),
    path(f"{_ONE}meetings/new/", meetings.new, name="meeting_new"),
    path(f"{_MEETING}/", meetings.meeting, name="meeting"),
    path(f"{_MEETING}/edit/", meetings.edit, name="meeting_edit"),
    path(f"{_MEETING}/cancel/", meetings.cancel, name="meeting_cancel"),
    path(f"{_MEETING}.ics", meetings.download, name="meeting_ics"),
    path(f"{_ONE}public/", public.public, name="public"),
    path("postmortems/templates/", templates.template_list, name="templates"),
    path("postmortems/templates/new/", templates.template, name="template_new"),
    path("postmortems/templates/<int:template_id>/", templates.template, name="template"),
    path("postmortems/defaults/<slug:slug>/", templates.defaults, name="defaults"),
]
