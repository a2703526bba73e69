"""The archive in the admin, and the queue of answers to review."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from recognizer.admin.desk import DeskPages
from recognizer.admin.elements import picture, table
from recognizer.models import Decision, Drawing, DrawingQuerySet
from recognizer.services.drawings import recognition, reviews

LONG_COLUMNS = {"canonical", "image", "probabilities", "strokes"}


class AnswerFilter(admin.SimpleListFilter):
    title = "answer"
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
        return queryset.filter(review=self.value())


class DrawingForm(forms.ModelForm[Drawing]):
    def clean(self) -> dict[str, Any]:
        """Refuse an approval without a label."""
        fields = super().clean() or {}
        if fields.get("review") == Drawing.Review.APPROVED and fields.get("label") is None:
            raise ValidationError({"review": "Only a drawing with a label can be approved."})
        return fields


@admin.register(Drawing)
class DrawingAdmin(DeskPages, admin.ModelAdmin[Drawing]):
    form = DrawingForm
    actions = ["approve", "reject"]
    list_display = [
        "thumbnail",
        "answer",
        "label",
        "suspicion",
        "confidence_percent",
        "review",
        "model_version",
        "drawn_at",
    ]
    list_editable = ["label"]
    list_filter = [AnswerFilter, QueueFilter, "answer", "label", "model", "source"]
    list_per_page = 50
    # Counting and sorting a million rows takes longer than anybody waits.
    show_full_result_count = False
    sortable_by = ["drawn_at"]
    fieldsets = [
        (None, {"fields": ["pictures"]}),
        ("Answer", {"fields": [("answer", "model"), "probability_table"]}),
        ("Feedback", {"fields": [("label", "feedback_at")]}),
        ("Review", {"fields": [("review", "reviewer", "reviewed_at"), "suspicion"]}),
        ("Origin", {"fields": [("created_at", "source"), "id", "visitor", "network"]}),
    ]
    readonly_fields = [
        name for name in flatten_fieldsets(fieldsets) if name not in {"label", "review"}
    ]

    class Media:
        css = {"all": ["css/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> DrawingQuerySet:
        """Defer the long columns; the page of one drawing fetches them."""
        return Drawing.objects.without_blobs()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse filters on the long columns, which an address can name."""
        return lookup.split("__")[0] not in LONG_COLUMNS and super().lookup_allowed(
            lookup, value, request
        )

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Post the value shown, too: a visitor's answer meanwhile is not a reviewer's change."""
        return super().formfield_for_choice_field(
            db_field, request, show_hidden_initial=True, **kwargs
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Drawings come from the page, the API and imports."""
        return False

    def save_model(self, request: HttpRequest, obj: Drawing, form: Any, change: bool) -> None:
        """Write through the services, with reviewer and time."""
        reviews.review_drawing(obj, label=obj.label, review=obj.review, reviewer=_reviewer(request))

    def log_change(self, *arguments: Any) -> None:  # type: ignore[override]
        """Write no entry of Django's own: the decisions are a drawing's history."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show who decided what about a drawing, and when."""
        decisions = Decision.objects.filter(drawing=self.get_object(request, object_id))
        context = {"decisions": decisions.select_related("reviewer", "undone_by")}
        return super().history_view(request, object_id, {**context, **(extra_context or {})})

    def delete_model(self, request: HttpRequest, obj: Drawing) -> None:
        recognition.delete_drawing(obj)

    @admin.display(description="drawing")
    def thumbnail(self, drawing: Drawing) -> SafeString:
        return picture(
            recognition.canonical_png(drawing),
            56,
            f"Drawing read as {drawing.get_answer_display()}",
        )

    @admin.display(description="confidence")
    def confidence_percent(self, drawing: Drawing) -> str:
        return f"{drawing.confidence:.1%}"

    @admin.display(description="label check")
    def suspicion(self, drawing: Drawing) -> SafeString | str:
        """Show what the label check reads, where that contradicts the label."""
        if drawing.suspicious_at is None:
            return ""
        return format_html(
            '<strong class="suspicious">Suspicious: looks like {} ({})</strong>',
            drawing.get_suspected_digit_display(),
            f"{drawing.suspected_share:.1%}",
        )

    @admin.display(description="model")
    def model_version(self, drawing: Drawing) -> int:
        """Show the version without a query for it."""
        return drawing.model_id

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
        shares = [f"{share:.1%}" for share in drawing.probabilities]
        return table(["Digit", *range(10)], [["Probability", *shares]])

    @admin.action(description="Approve the labels of selected drawings", permissions=["change"])
    def approve(self, request: HttpRequest, queryset: DrawingQuerySet) -> None:
        decided = reviews.decide(queryset, _reviewer(request), Drawing.Review.APPROVED)
        self.message_user(request, f"{decided.count} approved.", messages.SUCCESS)
        if decided.unlabeled:
            self.message_user(
                request,
                f"{decided.unlabeled} without a label: there is nothing to approve.",
                messages.WARNING,
            )

    @admin.action(description="Reject selected drawings", permissions=["change"])
    def reject(self, request: HttpRequest, queryset: DrawingQuerySet) -> None:
        decided = reviews.decide(queryset, _reviewer(request), Drawing.Review.REJECTED)
        self.message_user(request, f"{decided.count} rejected.", messages.SUCCESS)


def _reviewer(request: HttpRequest) -> User:
    return cast(User, request.user)  # the admin admits users alone
