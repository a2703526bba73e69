"""Django's own apps, where they need to be told something."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.core import checks


class Admin(SimpleAdminConfig):
    """Imports its pages with the addresses: commands that show none start sooner."""

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_pages, checks.Tags.admin)


def _check_pages(**options: Any) -> Any:
    autodiscover()
    return check_admin_app(**options)


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
