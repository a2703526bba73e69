"""Filters and orders of lists of drawings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.http import HttpRequest
from django_filters import Filter
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError

from recognizer.access.visitors import visitor_of
from recognizer.models import ANSWERS, NO_DIGIT, Drawing, DrawingQuerySet
from recognizer.services import waiting
from recognizer.wording import NONE, name_answer

MAX_VERSION = 2**31 - 1
ORDERINGS = {
    "created_at": ("created_at", "id"),
    "-created_at": ("-created_at", "-id"),
    "confidence": ("confidence", "id"),
    "-confidence": ("-confidence", "-id"),
}
"""Orders of a list; the id makes each order unique."""


def described(found: Filter, description: str, **schema: Any) -> Filter:
    """Give a filter the schema that the API's description shows."""
    annotate = extend_schema_field({"description": description, **schema})
    return annotate(found)  # type: ignore[type-var]


def choice(
    values: Sequence[Any], description: str, *, method: str | None = None, **schema: Any
) -> Filter:
    """Return a filter by one of these values; its error message lists them."""
    known = ", ".join(map(str, values))
    found = django_filters.ChoiceFilter(
        choices=[(value, value) for value in values],
        error_messages={"invalid_choice": f"This is one of {known}."},
        method=method,
    )
    kind = "integer" if isinstance(values[0], int) else "string"
    return described(found, description, type=kind, enum=list(values), **schema)


def answer(description: str, *, method: str | None = None) -> Filter:
    """Return a filter by one of the eleven answers."""
    found = django_filters.TypedChoiceFilter(
        method=method,
        choices=[(name_answer(value), value) for value, _ in ANSWERS],
        coerce=lambda name: NO_DIGIT if name == NONE else int(name),
        error_messages={"invalid_choice": "This is a digit from 0 to 9, or none."},
    )
    return described(found, description, type="string", enum=[*map(str, range(10)), NONE])


class NamedFilters(DjangoFilterBackend):
    """Refuses unknown and empty parameters: a typo would show, or delete, all drawings."""

    def filter_queryset(self, request: HttpRequest, queryset: Any, view: Any) -> Any:
        if not getattr(view, "detail", False):
            known = set(view.filterset_class.base_filters)
            if request.method in {"GET", "HEAD"} and view.pagination_class:
                known |= {"cursor", "page_size"}
            unknown = sorted(set(request.GET) - known)
            if unknown:
                names = ", ".join(sorted(known))
                raise ValidationError(
                    dict.fromkeys(unknown, f"There is no such parameter; known are {names}.")
                )
            empty = [name for name, value in request.GET.items() if not value]
            if empty:
                raise ValidationError(dict.fromkeys(empty, "This parameter has no value."))
        return super().filter_queryset(request, queryset, view)


class Narrowing(django_filters.FilterSet):
    """The filters that lists, deletions and exports share."""

    correct = choice(
        ["true", "false", "open"],
        "Only drawings whose answer was right or wrong, or is still open.",
        method="filter_correct",
    )
    label = answer("Only drawings that are this digit, or none, as somebody said.")
    prediction = answer(
        "Only drawings that were read as this digit, or as none.", method="filter_prediction"
    )
    model = described(
        django_filters.NumberFilter(
            field_name="model_id", min_value=1, max_value=MAX_VERSION, decimal_places=0
        ),
        "Only drawings that this version read.",
        type="integer",
        minimum=1,
        maximum=MAX_VERSION,
    )
    review = choice(
        Drawing.Review.values,
        "Only drawings that a reviewer approved, rejected, or has not reviewed.",
        method="filter_review",
    )
    source = choice(
        Drawing.Source.values, "Only drawings that came this way.", method="filter_source"
    )
    mine = choice(
        ["true", "false"],
        "For users who may see all drawings: only their own.",
        method="filter_mine",
    )

    class Meta:
        model = Drawing
        fields: list[str] = []

    def filter_correct(self, drawings: DrawingQuerySet, name: str, value: str) -> DrawingQuerySet:
        queries = {"true": drawings.right, "false": drawings.wrong, "open": drawings.open}
        return queries[value]()

    def filter_prediction(
        self, drawings: DrawingQuerySet, name: str, value: int | str
    ) -> DrawingQuerySet:
        return drawings.read_as(int(value))

    def filter_review(self, drawings: DrawingQuerySet, name: str, value: str) -> DrawingQuerySet:
        return drawings.of_review(value)

    def filter_source(self, drawings: DrawingQuerySet, name: str, value: str) -> DrawingQuerySet:
        return drawings.of_source(value)

    def filter_mine(self, drawings: DrawingQuerySet, name: str, value: str) -> DrawingQuerySet:
        """Narrow a list of all drawings to what the caller drew."""
        return drawings.of_visitor(visitor_of(self.request)) if value == "true" else drawings


class DrawingFilter(Narrowing):
    """Filters and order of the list."""

    ordering = choice(
        list(ORDERINGS),
        "By time or by confidence; a hyphen reverses the order.",
        default="-created_at",
        method="order",
    )

    def order(self, drawings: DrawingQuerySet, name: str, value: str) -> DrawingQuerySet:
        return drawings.order_by(*ORDERINGS[value])


class ReviewFilter(django_filters.FilterSet):
    """Which queue is listed."""

    queue = choice(
        list(waiting.QUEUES),
        "Answers that wait for a review, or drawings without an answer of which the model was not "
        "sure.",
        default="answers",
        method="keep",
    )

    def keep(self, drawings: DrawingQuerySet, name: str, value: str) -> DrawingQuerySet:
        """Return all drawings: the queue has its own order."""
        return drawings


class ExportFilter(Narrowing):
    """Filters of an export, and the format of its file."""

    format = choice(
        ["csv", "ndjson", "npz"],
        "The format of the file.",
        default="csv",
        method="keep",
    )

    def keep(self, drawings: DrawingQuerySet, name: str, value: str) -> DrawingQuerySet:
        """Return all drawings: the format changes only how they are written."""
        return drawings
