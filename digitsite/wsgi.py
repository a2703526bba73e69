"""The WSGI application that gunicorn serves."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import reverse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")


class _Later:
    """What a library imports from a module by its name, and this process hardly ever needs."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._find()(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)

    def _find(self) -> Any:
        return getattr(import_module(self._module), self._name)


class _LateModule(ModuleType):
    """A module that is imported once something in it is called or, later on, asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python's own questions have no answer
            raise AttributeError(name)
        later = _Later(self.__name__, name)
        return later if sys.modules.get(self.__name__) is self else later._find()


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


# Hardly any of what is imported is garbage; to look for it takes a tenth of the time.
gc.disable()

# scikit-learn imports pandas and rich if they are installed, for tables and bars of progress that
# are not used here, and modules for what is not called here: 30 and 30 MB of each worker.
LATE = (
    *("scipy.stats", "scipy.optimize", "scipy.optimize._linesearch", "scipy.interpolate"),
    *("sklearn.metrics", "sklearn.model_selection"),
)
with _instead({"pandas": None, "rich": None} | {name: _LateModule(name) for name in LATE}):
    import_module("sklearn.neural_network")

# Django REST framework imports Django's fields of PostgreSQL, if there are any: 9 MB; and requests,
# if it is installed, for a client.
is_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
unused: dict[str, ModuleType | None] = {"requests": None}
if is_sqlite:
    unused["psycopg"] = None
# drf-spectacular imports the tests' requests, for the description of the API.
with _instead(unused | {"rest_framework.test": _LateModule("rest_framework.test")}):
    site = get_wsgi_application()
    reverse("draw")  # imports all addresses before workers are forked, which share them

gc.freeze()
gc.enable()


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Answer under `SCRIPT_NAME` as without it, so that a proxy may pass that on or cut it off."""
    path, prefix = environ.get("PATH_INFO", ""), settings.SCRIPT_NAME
    if prefix and (path == prefix or path.startswith(f"{prefix}/")):
        environ["PATH_INFO"] = path.removeprefix(prefix) or "/"
    return site(environ, start_response)
