"""Cursor pagination by the whole position of a row."""

from __future__ import annotations

import re
from typing import Any, cast

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError
from django.db.models import F, Func, IntegerField, Lookup, Value
from django.db.models.lookups import GreaterThan, LessThan
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

SEPARATOR = "|"


class Row(Func):
    """A row of columns or values, as in `(a, b) < (1, 2)`."""

    template = "(%(expressions)s)"
    output_field = IntegerField()


class NewestFirst(CursorPagination):
    """Pages by position, so that a page costs the same at the end of a long archive.

    A position holds all columns that the list is ordered by, and the last of these is unique. The
    positions of Django REST framework hold the first column and an offset: they end after a
    thousand equal values, and skip rows when one is deleted.
    """

    page_size = 24
    page_size_query_param = "page_size"
    max_page_size = 100
    ordering: tuple[str, ...] = ("-created_at", "-id")
    cursor_query_description = "The page; `next` and `previous` hold whole addresses."
    page_size_query_description = "Rows of a page; more than 100 count as 100."

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe the parameters, with the bounds of the page size."""
        cursor, page_size = super().get_schema_operation_parameters(view)
        page_size["schema"] |= {"minimum": 1, "default": self.page_size}
        return [cursor, page_size]

    def get_page_size(self, request: Request) -> int:
        """Return the requested size, at most `max_page_size`."""
        text = request.query_params.get("page_size", str(self.page_size))
        if not re.fullmatch("0*[1-9][0-9]{0,8}", text, re.ASCII):
            raise ValidationError({"page_size": "A page has a whole number of rows, 1 to 100."})
        return min(int(text), self.max_page_size)

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        """Return the order that the filters chose; all columns ascend, or all descend."""
        return queryset.query.order_by or self.ordering

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Return one page; refuse a cursor whose position does not fit the columns."""
        self.request = request
        self.page_size = self.get_page_size(request)
        self.base_url = request.build_absolute_uri()
        self.ordering = self.get_ordering(request, queryset, view)
        self.cursor = self.decode_cursor(request)
        backwards = self.cursor is not None and self.cursor.reverse
        goes_down = self.ordering[0].startswith("-") != backwards
        self._names = [name.removeprefix("-") for name in self.ordering]
        rows = queryset.order_by(*(f"-{name}" if goes_down else name for name in self._names))
        position = self._position()
        found = self._fetch(rows, position, self.page_size + 1, goes_down=goes_down)
        self.page = found[: self.page_size]
        goes_on = len(found) > self.page_size
        if backwards:
            self.page.reverse()
        self.has_next = position is not None if backwards else goes_on
        self.has_previous = goes_on if backwards else position is not None
        return self.page

    def get_next_link(self) -> str | None:
        return self._link(-1, reverse=False) if self.has_next else None

    def get_previous_link(self) -> str | None:
        return self._link(0, reverse=True) if self.has_previous else None

    def _position(self) -> str | None:
        if self.cursor is None or self.cursor.position is None:
            return None
        return str(self.cursor.position)

    def _fetch(self, rows: Any, position: str | None, count: int, *, goes_down: bool) -> list[Any]:
        try:
            if position is not None:
                rows = rows.filter(self._beyond(rows.model, position, goes_down=goes_down))
            return list(rows[:count])
        except (DjangoValidationError, ValueError, OverflowError, DataError) as error:
            raise NotFound("Invalid cursor") from error

    def _beyond(self, model: Any, position: str, *, goes_down: bool) -> Lookup[Any]:
        fields = [model._meta.get_field(name) for name in self._names]
        values = [
            Value(field.to_python(text), output_field=field)
            for field, text in zip(fields, position.split(SEPARATOR), strict=True)
        ]
        columns = Row(*(F(name) for name in self._names))
        return LessThan(columns, Row(*values)) if goes_down else GreaterThan(columns, Row(*values))

    def _link(self, edge: int, *, reverse: bool) -> str:
        if self.page:
            cursor = self._cursor_of(self.page[edge])._replace(reverse=reverse)
        else:  # the rows of this page were deleted
            cursor = Cursor(offset=0, reverse=reverse, position=cast(Any, self._position() or ""))
        link: str = self.encode_cursor(cursor)
        return link

    def _cursor_of(self, row: Any, number: int = 0) -> Cursor:
        # A position is a text, although the type stubs say otherwise.
        position: Any = SEPARATOR.join(str(getattr(row, name)) for name in self._names)
        return Cursor(offset=number, reverse=False, position=position)


class PartByPart(NewestFirst):
    """Pages through lists one after the other, forward; a cursor's offset is the list's number."""

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Return one page of lists that have no row in common, each with an order of its own."""
        self.request = request
        self.page_size = self.get_page_size(request)
        self.base_url = request.build_absolute_uri()
        self.cursor = self.decode_cursor(request)
        position, first = self._position(), self.cursor.offset if self.cursor else 0
        found: list[tuple[Cursor, Any]] = []
        for number, rows in enumerate(queryset):
            if number < first or len(found) > self.page_size:
                continue
            order = rows.query.order_by
            self._names = [name.removeprefix("-") for name in order]
            more = self.page_size + 1 - len(found)
            goes_down = order[0].startswith("-")
            page = self._fetch(rows, position, more, goes_down=goes_down)
            found += [(self._cursor_of(row, number), row) for row in page]
            position = None
        self.has_next = len(found) > self.page_size
        self._last = found[self.page_size - 1][0] if self.has_next else None
        self.page = [row for _, row in found[: self.page_size]]
        return self.page

    def get_next_link(self) -> str | None:
        return self.encode_cursor(self._last) if self._last else None

    def get_previous_link(self) -> None:
        return None


class NewestVersionFirst(NewestFirst):
    ordering = ("-version",)
