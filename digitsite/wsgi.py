"""The WSGI application that gunicorn serves."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")


def _rank(*arguments: Any, **options: Any) -> Any:
    """Rank by SciPy, which is imported when somebody does."""
    return _look_up("rankdata")(*arguments, **options)


def _look_up(name: str) -> Any:
    """Return anything else that is asked of the module; Python's own questions have no answer."""
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(import_module("scipy.stats"), name)


@contextmanager
def _instead(modules: dict[str, ModuleType | None]) -> Iterator[None]:
    """Let libraries import these meanwhile, None as if it were missing; later imports are real."""
    own: Any = {name: module for name, module in modules.items() if name not in sys.modules}
    sys.modules.update(own)
    try:
        yield
    finally:
        for name in own:
            del sys.modules[name]


# scikit-learn imports pandas if it is installed, for tables that are not used here, and scipy.stats
# for what is not called here: 30 and 15 MB of each worker.
ranks = ModuleType("scipy.stats")
ranks.rankdata = _rank  # type: ignore[attr-defined]
ranks.__getattr__ = _look_up  # type: ignore[method-assign]
with _instead({"pandas": None, "scipy.stats": ranks}):
    import_module("sklearn.neural_network")

# Django REST framework imports Django's fields of PostgreSQL, if there are any: 9 MB.
is_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
with _instead({"psycopg": None} if is_sqlite else {}):
    site = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Answer under `SCRIPT_NAME` as without it, so that a proxy may pass that on or cut it off."""
    path, prefix = environ.get("PATH_INFO", ""), settings.SCRIPT_NAME
    if prefix and (path == prefix or path.startswith(f"{prefix}/")):
        environ["PATH_INFO"] = path.removeprefix(prefix) or "/"
    return site(environ, start_response)
