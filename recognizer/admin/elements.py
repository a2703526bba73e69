"""What several pages of the admin share: HTML elements, and the language of their reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from recognizer.wording import png_url


def in_own_language(view: Callable[..., Any]) -> Callable[..., Any]:
    """Show a page of our own, and its messages, in the visitor's language."""

    def translated(self: Any, request: HttpRequest, *arguments: Any, **named: Any) -> Any:
        with translation.override(translation.get_language_from_request(request)):
            response = view(self, request, *arguments, **named)
            return response.render() if isinstance(response, TemplateResponse) else response

    return translated


def picture(png: bytes, side: int, description: str) -> SafeString:
    """Return an image element with the picture inside."""
    return format_html(
        '<img class="digit" src="{}" width="{}" height="{}" alt="{}">',
        png_url(png),
        side,
        side,
        description,
    )


def table(header: Sequence[object], rows: Sequence[Sequence[object]]) -> SafeString:
    """Return a table; the first cell of each row is its header."""
    return format_html(
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        format_html_join("", '<th scope="col">{}</th>', ((cell,) for cell in header)),
        format_html_join("", "<tr>{}</tr>", ((_row(row),) for row in rows)),
    )


def facts(entries: Mapping[str, object]) -> SafeString | str:
    """Return a table of names and values, without a header."""
    if not entries:
        return "-"
    rows = format_html_join("", "<tr>{}</tr>", ((_row(entry),) for entry in entries.items()))
    return format_html("<table><tbody>{}</tbody></table>", rows)


def _row(cells: Sequence[object]) -> SafeString:
    name, *values = cells
    return format_html(
        '<th scope="row">{}</th>{}',
        name,
        format_html_join("", "<td>{}</td>", ((value,) for value in values)),
    )
