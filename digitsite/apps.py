"""Django's own apps, where they need to be told something."""

from __future__ import annotations

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """Gathers of Swagger UI only what the page of the API asks for; compressing takes seconds."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "*.js.map",
        "oauth2-redirect.*",
        "swagger-ui-standalone-preset.*",
    ]
