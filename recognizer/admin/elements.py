"""Pieces of HTML that pages of the admin are made of."""

from __future__ import annotations

import base64

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def picture(png: bytes, side: int, description: str) -> SafeString:
    """Return an image element that carries its picture along."""
    data = base64.b64encode(png).decode()
    return format_html(
        '<img class="digit" src="data:image/png;base64,{}" width="{}" height="{}" alt="{}">',
        data,
        side,
        side,
        description,
    )


def digit_table(heading: str, rows: list[tuple[int, str]]) -> SafeString:
    """Return a small table with a row for each digit."""
    return format_html(
        "<table><thead><tr><th>Digit</th><th>{}</th></tr></thead><tbody>{}</tbody></table>",
        heading,
        format_html_join("", "<tr><td>{}</td><td>{}</td></tr>", rows),
    )
