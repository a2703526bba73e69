"""How static files are named and compressed, and what browsers need not load of them."""

from __future__ import annotations

import re
from typing import Final

from django.core.files.base import ContentFile, File
from whitenoise.storage import CompressedManifestStaticFilesStorage

COMMENT: Final = re.compile(rb"^[ \t]*(?://[^\n]*|/\*.*?\*/)", re.MULTILINE | re.DOTALL)
"""A comment that begins its line."""


class HashedModulesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Gives ES modules hashed names too, so that a browser never mixes two versions of the page.

    The comments of our own scripts and styles, a fifth of what they weigh compressed, stay here;
    their lines stay empty, so that an error names the line that it has in the source.
    """

    support_js_module_import_aggregation = True

    def file_hash(self, name: str | None, content: File[bytes] | None = None) -> str | None:
        """Return a hash of what is served, so that other contents have another name."""
        if name and content:
            content = _without_comments(name, content)
        hashed: str | None = super().file_hash(name, content)
        return hashed

    def _save(self, name: str, content: File[bytes]) -> str:
        saved: str = super()._save(name, _without_comments(name, content))
        return saved


def _without_comments(name: str, content: File[bytes]) -> File[bytes]:
    if not re.match(r"(js|css)/", name):
        return content
    text = b"".join(content.chunks())
    return ContentFile(COMMENT.sub(lambda found: b"\n" * found[0].count(b"\n"), text))
