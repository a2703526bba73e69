"""By what lists of drawings can be narrowed down."""

from __future__ import annotations

import django_filters

from recognizer.models import DIGITS, Drawing, DrawingQuerySet
from recognizer.visitors import visitor_of


class DrawingFilter(django_filters.FilterSet):
    """?correct=true|false|open, ?label=, ?prediction=, ?model=, ?review=, ?source=, ?mine=true."""

    correct = django_filters.ChoiceFilter(
        choices=[("true", "right"), ("false", "wrong"), ("open", "not answered")],
        method="filter_correct",
    )
    label = django_filters.ChoiceFilter(choices=DIGITS)
    prediction = django_filters.ChoiceFilter(choices=DIGITS)
    model = django_filters.NumberFilter(field_name="model_id", min_value=1, max_value=2**31 - 1)
    review = django_filters.ChoiceFilter(choices=Drawing.Review.choices)
    source = django_filters.ChoiceFilter(choices=Drawing.Source.choices)
    mine = django_filters.BooleanFilter(method="filter_mine")

    class Meta:
        """Only what is declared above."""

        model = Drawing
        fields: list[str] = []

    def filter_correct(self, drawings: DrawingQuerySet, name: str, value: str) -> DrawingQuerySet:
        """Narrow to right, wrong or unanswered ones."""
        queries = {
            "true": drawings.right,
            "false": drawings.wrong,
            "open": drawings.open,
        }
        return queries[value]()

    def filter_mine(self, drawings: DrawingQuerySet, name: str, value: bool) -> DrawingQuerySet:
        """Narrow a staff member's list to the own drawings."""
        return drawings.of_visitor(visitor_of(self.request)) if value else drawings
