"""How static files are named and compressed."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModulesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Gives ES modules hashed names too, so that a browser never mixes two versions of the page."""

    support_js_module_import_aggregation = True
