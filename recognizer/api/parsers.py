"""Parsers of request bodies, and the choice of parser and renderer."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

MOST_VALUES = 1_000_000
"""Limit of values, names and lists in a JSON body; 1,000 drawings as pixels have 785,000."""
MOST_LISTS = 350_000
"""Limit of lists and objects; 1,000 drawings of as many points as a batch may have have 325,000."""
LISTS_EACH = (50_000, 325)
"""Lists of a body, and so many more for each drawing as strokes, before it is parsed."""
NO_BRACKETS = bytes(set(range(256)) - set(b"[]"))
"""All bytes that are none."""


class CautiousJSONParser(JSONParser):
    """JSON in UTF-8, with limits of nesting and of the number of values.

    As Python objects, 16 MB of empty lists take 400 MB.
    """

    # NaN and Infinity are read, so that the field that holds them is named when it is refused.
    strict = False

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        context = {**(parser_context or {}), "encoding": "utf-8"}
        body = stream.read()
        lists = body.count(b"[") + body.count(b"{")
        if lists > MOST_LISTS or lists + body.count(b",") + body.count(b":") > MOST_VALUES:
            raise RequestDataTooBig("The JSON has too many values.")
        if lists > LISTS_EACH[0]:
            drawings = body.translate(None, delete=NO_BRACKETS).count(b"]]]")
            if lists > LISTS_EACH[0] + LISTS_EACH[1] * drawings:
                raise RequestDataTooBig("The JSON has too many points for its drawings.")
        try:
            return super().parse(io.BytesIO(body), media_type, context)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error


class FileParser(BaseParser):
    """A file of digits as the whole body; its first bytes tell the format."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, SimpleUploadedFile]:
        """Return what a form with one file would give."""
        return {"file": SimpleUploadedFile("body", stream.read())}


class CsvParser(FileParser):
    media_type = "text/csv"


class NpzParser(FileParser):
    # An npz is a zip archive.
    media_type = "application/zip"


class GzipParser(FileParser):
    media_type = "application/gzip"


class BytesParser(FileParser):
    # IDX has no media type of its own.
    media_type = "application/octet-stream"


class AlwaysJSON(BaseContentNegotiation):
    """Answers in JSON whatever the Accept header says, instead of refusing some of them."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        for parser in parsers:
            if media_type_matches(parser.media_type, request.content_type):
                return parser
        return None

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)
