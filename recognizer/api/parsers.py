"""How bodies are read and answers are written: JSON, with suspicion."""

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
"""Most values in one JSON body; a batch of 1,000 drawings as pixels has 785,000."""


class CautiousJSONParser(JSONParser):
    """JSON in UTF-8, whose nesting ends before Python's stack does, and its values before memory.

    As Python's objects, 16 MB of empty lists take 400 MB.
    """

    # NaN and Infinity are read, so that the field that holds them is named when it is refused.
    strict = False

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Decode the body."""
        context = {**(parser_context or {}), "encoding": "utf-8"}
        body = stream.read()
        if sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
            raise RequestDataTooBig("The JSON has too many values.")
        try:
            return super().parse(io.BytesIO(body), media_type, context)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error


class FileParser(BaseParser):
    """A file of digits as the whole body; what is in it, its first bytes say."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, SimpleUploadedFile]:
        """Return it as a form with one file would."""
        return {"file": SimpleUploadedFile("body", stream.read())}


class CsvParser(FileParser):
    """A csv of TMNIST or MNIST."""

    media_type = "text/csv"


class NpzParser(FileParser):
    """An npz, which is a zip archive."""

    media_type = "application/zip"


class GzipParser(FileParser):
    """A gzipped csv or IDX file."""

    media_type = "application/gzip"


class BytesParser(FileParser):
    """Any of these, and IDX, which has no media type."""

    media_type = "application/octet-stream"


class AlwaysJSON(BaseContentNegotiation):
    """Answers are JSON whatever the Accept header says: nobody is refused for a picky header."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the parser for the body's Content-Type."""
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
        """Return the one renderer."""
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)
