"""The addresses of the site: the app's, and Django admin's."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from recognizer.admin.board_page import board_view

admin.autodiscover()

urlpatterns = [
    path("admin/board/", board_view, name="board"),
    path("admin/", admin.site.urls),
    path("", include("recognizer.urls")),
]

handler400 = "recognizer.problems.pages.bad_request"
handler403 = "recognizer.problems.pages.forbidden"
handler404 = "recognizer.problems.pages.not_found"
handler500 = "recognizer.problems.pages.server_error"
