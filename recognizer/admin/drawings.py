"""The archive in the admin, and the queue of answers to review."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone, localdate, localtime

from recognizer.admin.bulk_decisions import BulkDecisions, as_shown, write_state
from recognizer.admin.desk import DeskPages
from recognizer.admin.elements import picture, table
from recognizer.models import NO_DIGIT, Decision, Drawing, DrawingQuerySet, Import
from recognizer.services.drawings import recognition, reviews

LONG_COLUMNS = {"canonical", "image", "probabilities", "strokes"}


class AnswerFilter(admin.SimpleListFilter):
    title = "what people say"
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("wrong", "Wrong"), ("right", "Right"), ("open", "Not answered")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "wrong":
                return queryset.wrong()
            case "right":
                return queryset.right()
            case "open":
                return queryset.open()
        return queryset


class QueueFilter(admin.SimpleListFilter):
    title = "review"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("suspicious", "Suspicious answers"),
            ("unreviewed", "Unreviewed answers"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "suspicious":
                return queryset.suspicious()
            case "unreviewed":
                return queryset.unreviewed()
            case None:
                return queryset
        return queryset.of_review(self.value())


class ReadAsFilter(admin.ChoicesFieldListFilter):
    """Filters by the model's answer, as `DrawingQuerySet.read_as` does."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        found: Any = super().queryset(request, queryset)
        values: Any = self.lookup_val
        return found.read_as(NO_DIGIT) if values == [str(NO_DIGIT)] else found


class SourceFilter(admin.ChoicesFieldListFilter):
    """Filters by the source, as `DrawingQuerySet.of_source` does."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        found: Any = super().queryset(request, queryset)
        values: Any = self.lookup_val or []
        return found.of_source(values[0]) if len(values) == 1 else found


class DayFilter(admin.SimpleListFilter):
    title = "day"
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        today = localdate()
        days = {str(today): "Today", str(today - timedelta(days=1)): "Yesterday", "week": "7 days"}
        if (chosen := self.value()) is not None:
            days.setdefault(chosen, chosen)
        return list(days.items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case None:
                return queryset
            case "week":
                return queryset.filter(created_at__gte=_midnight(str(localdate()), -6))
        return of_day(queryset, self.value() or "")


class HandFilter(admin.SimpleListFilter):
    """Shown once a hand is chosen: by its link in the list, or on the page of a drawing."""

    title = "hand"
    parameter_name = "hand"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = self.value()
        return [(chosen, chosen[:8])] if chosen else []

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = self.value()
        return queryset if chosen is None else _beginning_with(queryset, chosen, HANDS)


class ImportFilter(admin.SimpleListFilter):
    title = "import"
    parameter_name = "import"
    most = 20

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = {str(one.pk): str(one) for one in Import.objects.all()[: self.most]}
        if (chosen := self.value()) is not None:
            found.setdefault(chosen, f"Import {chosen}")
        return list(found.items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(imported_with=chosen)


MOST_LISTED = 10_000
"""Drawings up to which a list is counted."""
HANDS = ("visitor", "network")
LEAST_OF_AN_ID = 6
"""Letters of an id from which on it is searched for."""


def of_day(drawings: Any, day: str) -> Any:
    """Return the drawings of one day, written as 2026-11-29; none where there is no such day."""
    try:
        return drawings.filter(created_at__gte=_midnight(day), created_at__lt=_midnight(day, 1))
    except ValueError:
        return drawings.none()


def _midnight(day: str, days_later: int = 0) -> datetime:
    found = datetime.strptime(day, "%Y-%m-%d") + timedelta(days=days_later)
    return found.replace(tzinfo=get_current_timezone())


def _beginning_with(drawings: Any, text: str, names: tuple[str, ...]) -> Any:
    """Return the drawings of which the first column that has it begins so; each has an index."""
    digits = text.replace("-", "").lower()
    if not re.fullmatch(rf"[0-9a-f]{{{LEAST_OF_AN_ID},32}}", digits):
        return drawings.none()
    ends = digits.ljust(32, "0"), digits.ljust(32, "f")
    for name in names:
        is_whole = ends[0] == ends[1]
        found = drawings.filter(**({name: ends[0]} if is_whole else {f"{name}__range": ends}))
        if name == "network":
            found = found.exclude(network="")  # its index is of these alone
        if found.order_by().exists():
            return found
    return drawings.none()


class DrawingForm(forms.ModelForm[Drawing]):
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.initial["seen"] = write_state(self.instance)

    def clean(self) -> dict[str, Any]:
        """Refuse an approval without a label."""
        fields = super().clean() or {}
        if fields.get("review") == Drawing.Review.APPROVED and fields.get("label") is None:
            raise ValidationError({"review": "Only a drawing with a label can be approved."})
        return fields


class CappedPaginator(Paginator[Any]):
    """Counts in the list's order, whose indexes know the filters, and no further than is paged."""

    @cached_property
    def count(self) -> int:
        drawings = cast(DrawingQuerySet, self.object_list)
        return drawings[: MOST_LISTED + 1].count()


@admin.register(Drawing)
class DrawingAdmin(BulkDecisions, DeskPages, admin.ModelAdmin[Drawing]):
    form = DrawingForm
    list_display = [
        "thumbnail",
        "answer",
        "label_and_check",
        "confidence_percent",
        "review",
        "hand",
        "drawn_at",
    ]
    list_filter = [
        AnswerFilter,
        QueueFilter,
        HandFilter,
        DayFilter,
        ImportFilter,
        ("answer", ReadAsFilter),
        "label",
        "model",
        ("source", SourceFilter),
    ]
    search_fields = ["pk"]
    search_help_text = (
        "The first six letters or more of an id, a visitor or a hand, a day as 2026-11-29, or a "
        "part of an import's name."
    )
    list_per_page = 50
    # Counting and sorting a million rows takes longer than anybody waits.
    paginator = CappedPaginator
    show_full_result_count = False
    sortable_by = ["drawn_at"]
    fieldsets = [
        (None, {"fields": ["pictures"]}),
        ("Answer", {"fields": [("answer", "model"), "probability_table"]}),
        ("Feedback", {"fields": [("label", "feedback_at")]}),
        ("Review", {"fields": [("review", "reviewer", "reviewed_at"), "suspicion"]}),
        (
            "Origin",
            {
                "fields": [
                    ("created_at", "source"),
                    "id",
                    "hand",
                    "visitor",
                    "network",
                    ("imported_with", "imported_source"),
                ]
            },
        ),
    ]
    readonly_fields = [
        name for name in flatten_fieldsets(fieldsets) if name not in {"label", "review"}
    ]

    class Media:
        css = {"all": ["css/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> DrawingQuerySet:
        """Defer the long columns; the page of one drawing fetches them."""
        return Drawing.objects.without_blobs()

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Search by an index each: a million rows are not read."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if re.fullmatch(r"\d{4}-\d\d?-\d\d?", term):
            return of_day(queryset, term), False
        found = _beginning_with(queryset, term, ("pk", *HANDS))
        if not found.query.is_empty():
            return found, False
        imports = Import.objects.filter(name__icontains=term).values_list("pk", flat=True)
        return queryset.filter(imported_with__in=list(imports[: ImportFilter.most])), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse filters on the long columns, which an address can name."""
        return lookup.split("__")[0] not in LONG_COLUMNS and super().lookup_allowed(
            lookup, value, request
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Tell a later decision about the whole filter when it was shown."""
        shown_at = request.POST.get("shown_at", timezone.now().isoformat())
        context = {"shown_at": shown_at, "most_listed": MOST_LISTED}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Drawings come from the page, the API and imports."""
        return False

    def save_model(self, request: HttpRequest, obj: Drawing, form: Any, change: bool) -> None:
        """Decide what the form changed, if the drawing still is what its page showed."""
        if not form.changed_data:
            return
        reviewer = _reviewer(request)
        own = Drawing.objects.filter(pk=obj.pk)
        drawings = as_shown(own, reviewer, [form.cleaned_data["seen"]])
        label = obj.label if "label" in form.changed_data else reviews.KEPT
        decided = reviews.decide(drawings, reviewer, obj.review, label=label)
        if not decided.count:
            self.message_user(request, "It was changed meanwhile; look again.", messages.WARNING)

    def log_change(self, *arguments: Any) -> None:  # type: ignore[override]
        """Write no entry of Django's own: the decisions are a drawing's history."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show who decided what about a drawing, and when."""
        decisions = Decision.objects.filter(drawing=self.get_object(request, object_id))
        context = {
            "decisions": decisions.select_related("reviewer", "undone_by"),
            "may_undo": self.has_change_permission(request),
        }
        return super().history_view(request, object_id, {**context, **(extra_context or {})})

    def delete_model(self, request: HttpRequest, obj: Drawing) -> None:
        recognition.delete_drawing(obj)

    @admin.display(description="drawing")
    def thumbnail(self, drawing: Drawing) -> SafeString:
        name = f"Drawing read as {drawing.get_answer_display()}"
        image = picture(recognition.canonical_png(drawing), 56, name)
        state = write_state(drawing)
        return format_html('{}<input type="hidden" name="seen" value="{}">', image, state)

    @admin.display(description="confidence")
    def confidence_percent(self, drawing: Drawing) -> str:
        return _write_share(drawing.confidence)

    @admin.display(description="label")
    def label_and_check(self, drawing: Drawing) -> SafeString:
        """Show the label, and what speaks against it."""
        label = "-" if drawing.label is None else drawing.get_label_display()
        return format_html("{} {}", label, self.suspicion(drawing))

    @admin.display(description="label check")
    def suspicion(self, drawing: Drawing) -> SafeString | str:
        """Show what the label check reads, where that contradicts the label."""
        if drawing.suspicious_at is None:
            return ""
        return format_html(
            '<strong class="suspicious">Suspicious: looks like {} ({})</strong>',
            drawing.get_suspected_digit_display(),
            _write_share(drawing.suspected_share or 0),
        )

    @admin.display(description="hand")
    def hand(self, drawing: Drawing) -> SafeString | str:
        """Lead to what the same visitor drew, or those without a cookie in the same network."""
        name = str(drawing.visitor or drawing.network)
        if not name:
            return "-"
        query = urlencode({"hand": name})
        url = reverse("admin:recognizer_drawing_changelist")
        return format_html('<a href="{}?{}">{}</a>', url, query, name[:8])

    @admin.display(description="drawn", ordering="created_at")
    def drawn_at(self, drawing: Drawing) -> str:
        """Show the time without seconds."""
        return f"{localtime(drawing.created_at):%Y-%m-%d %H:%M}"

    @admin.display(description="as drawn, and as the model saw it")
    def pictures(self, drawing: Drawing) -> SafeString:
        """Show the archived picture and the 28x28 digit side by side."""
        drawn = picture(bytes(drawing.image), 280, "The drawing as drawn")
        seen = picture(recognition.canonical_png(drawing), 280, "The drawing as 28 by 28 pixels")
        return format_html("{} {}", drawn, seen)

    @admin.display(description="probabilities")
    def probability_table(self, drawing: Drawing) -> SafeString:
        shares = [_write_share(share) for share in drawing.probabilities]
        return table(["Digit", *range(10)], [["Probability", *shares]])


def _write_share(share: float) -> str:
    """Write a share in percent; nothing is certain."""
    return f"{min(share, 0.999):.1%}"


def _reviewer(request: HttpRequest) -> User:
    return cast(User, request.user)  # the admin admits users alone
