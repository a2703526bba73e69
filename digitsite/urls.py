"""The addresses of the site: the app's, and Django admin's."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("recognizer.urls")),
]

handler400 = "recognizer.views.bad_request"
handler403 = "recognizer.views.forbidden"
handler404 = "recognizer.views.not_found"
handler500 = "recognizer.views.server_error"
