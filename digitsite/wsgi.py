"""The WSGI application that gunicorn serves."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")

# scikit-learn imports pandas if it is installed, for tables that are not used here: 30 MB of each
# worker. It does without while the import fails; afterwards pandas can be imported as usual.
if "pandas" not in sys.modules:
    sys.modules["pandas"] = None  # type: ignore[assignment]
    import_module("sklearn.utils.fixes")
    del sys.modules["pandas"]

application = get_wsgi_application()
