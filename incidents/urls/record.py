from django.urls import path

from incidents.views import bearing, record

urlpatterns = [
    path("incidents/<int:number>/graph/impact/", bearing.accept, name="graph_impact"),
    path("incidents/<int:number>/graph/expert/", bearing.expert, name="graph_expert"),
    path("incidents/<int:number>/impact-rows/<int:row_id>/", record.impact_row, name="impact_row"),
    path("incidents/<int:number>/criteria/<int:criterion_id>/", record.criterion, name="criterion"),
    path("incidents/<int:number>/severity-preview/", record.severity_preview, name="severity_preview"),
]
