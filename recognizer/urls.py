"""The addresses of the app."""

from __future__ import annotations

from django.urls import include, path, re_path
from django.views.i18n import set_language
from rest_framework.routers import SimpleRouter

from recognizer.api import views as api
from recognizer.pages import about, health, views

router = SimpleRouter(use_regex_path=False)
router.register("drawings", api.DrawingViewSet, basename="drawing")
router.register("reviews", api.ReviewViewSet, basename="review")
router.register("models", api.ModelViewSet, basename="model")

# The router knows no DELETE of a whole list.
memory = api.DrawingViewSet.as_view({"delete": "forget"}, detail=False, basename="drawing")
license = api.DrawingViewSet.as_view({"delete": "withdraw"}, detail=False, basename="drawing")
drawings = api.DrawingViewSet.as_view(
    {"get": "list", "post": "create", "delete": "destroy_all"}, detail=False, basename="drawing"
)

urlpatterns = [
    path("", views.draw, name="draw"),
    path("history/", views.history, name="history"),
    path("about/", about.about, name="about"),
    path("problems/<slug:slug>/", views.problem, name="problem"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("language/", set_language, name="set_language"),
    path("words.js", views.words, name="words"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("predict", api.PredictView.as_view(), name="predict"),
    path("api/v1/drawings/", drawings, name="drawing-list"),
    path("api/v1/drawings/memory/", memory, name="drawing-memory"),
    path("api/v1/drawings/license/", license, name="drawing-license"),
    path("api/v1/", include(router.urls)),
    path("api/v1/predictions/", api.PredictionsView.as_view(), name="predictions"),
    path("api/v1/exports/", api.ExportsView.as_view(), name="exports"),
    path("api/v1/stats/", api.StatsView.as_view(), name="stats"),
    path("api/schema/", api.SchemaView.as_view(), name="schema"),
    path("api/docs/", views.docs, name="docs"),
    re_path("^api/", api.NowhereView.as_view()),
]
