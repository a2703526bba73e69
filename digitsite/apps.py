"""Django's own apps, where they need to be told something."""

from __future__ import annotations

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """Gathers of Swagger UI only what the page of the API asks for; compressing takes seconds.

    The pages of REST framework itself, whose files those of its name are, are switched off.
    """

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "*.js.map",
        "rest_framework",
        "oauth2-redirect.*",
        "swagger-ui-standalone-preset.*",
    ]
