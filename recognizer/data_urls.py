"""Small pictures that travel inside an answer, as data: addresses."""

from __future__ import annotations

import base64


def png_url(png: bytes) -> str:
    """Return the address that a PNG file is."""
    return "data:image/png;base64," + base64.b64encode(png).decode()
