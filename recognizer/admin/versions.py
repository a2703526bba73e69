"""Versions in the admin: their facts, and the action that activates one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from recognizer.admin.comparison_pages import ComparisonPages
from recognizer.admin.elements import facts, table
from recognizer.admin.report_pages import ReportPages
from recognizer.models import TrainedModel, TrainedModelQuerySet
from recognizer.services import errors
from recognizer.services.versions import registry
from recognizer.wording import HOLDOUTS, by_holdout, describe_facts

MODEL_FIELDS = (
    "version",
    "active",
    "origin",
    "parent",
    "created_at",
    "answered",
    "report_link",
    "comparison_links",
    "accuracy_percent",
    "metrics_table",
    "gate_table",
    "training_seconds",
    "parameters_in_words",
    "data_in_words",
    "artifact",
    "pruned_at",
    "sha256",
    "size_bytes",
    "sklearn_version",
    "numpy_version",
    "python_version",
    "scipy_version",
    "pillow_version",
)


class ReadOnly:
    """Rows that only the services write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: drawings and later versions refer to it."""
        return False


@admin.register(TrainedModel)
class TrainedModelAdmin(ReadOnly, ReportPages, ComparisonPages):
    actions = ["activate", "compare"]
    list_display = [
        "__str__",
        "active",
        "origin",
        "accuracy_percent",
        "corrections",
        "created_at",
        "file_state",
        "sklearn_version",
    ]
    list_filter = ["origin"]
    sortable_by = ()
    show_full_result_count = False
    fields = MODEL_FIELDS
    readonly_fields = MODEL_FIELDS

    def has_activate_permission(self, request: HttpRequest) -> bool:
        """The permission to change models is the one to activate one."""
        return request.user.has_perm("recognizer.change_trainedmodel")

    @admin.display(description="accuracy on unseen typefaces")
    def accuracy_percent(self, model: TrainedModel) -> str:
        return _percent(model.accuracy)

    @admin.display(description="answered")
    def answered(self, model: TrainedModel) -> str:
        """Show from when to when, as far as that was kept."""
        periods = [
            f"since {_minute(begin)}" if end is None else f"{_minute(begin)} to {_minute(end)}"
            for begin, end in registry.list_periods(model.version)
        ]
        return ", ".join(periods) or "-"

    @admin.display(description="corrections")
    def corrections(self, model: TrainedModel) -> int:
        return int(model.data.get("corrections", 0))

    @admin.display(description="accuracy by digit")
    def metrics_table(self, model: TrainedModel) -> SafeString | str:
        """Show how well each digit of each holdout is read."""
        rows = [
            [
                HOLDOUTS.get(name, name),
                report["n"],
                *map(_percent, [report["accuracy"], *report["recall"]]),
            ]
            for name, report in by_holdout(model.metrics)
            if report and "recall" in report
        ]
        return table(["Kept aside", "Digits", "All", *range(10)], rows) if rows else "-"

    @admin.display(description="against the version that was active")
    def gate_table(self, model: TrainedModel) -> SafeString | str:
        """Show the comparison with the version that was active."""
        from recognizer.services.versions import gate  # not loaded where digits are only read

        rows = [
            [
                HOLDOUTS[name],
                *(one["n"], one["only_first"], one["only_second"]),
                f"{one['p_second_worse']:.2g}",
            ]
            for name, one in by_holdout(model.gate.get("compared", {}))
        ]
        if not rows:
            return str(model.gate.get("reason") or "-")
        header = ["Kept aside", "Pictures", f"Only Model {model.gate['against']} right"]
        shown = table([*header, f"Only {model} right", "p, if it were as good"], rows)
        lost = [
            [
                HOLDOUTS[name],
                *(
                    f"{by_digit[key]['points_lost']:+.1f}" if key in by_digit else "-"
                    for key in "0123456789"
                ),
            ]
            for name, by_digit in by_holdout(model.gate.get("digits", {}))
        ]
        by_digit = table(["Points lost by digit", *range(10)], lost) if lost else ""
        forced = " It was forced." if model.gate.get("forced") else ""
        reason = model.gate.get("reason", "")
        losses = ((sentence,) for sentence in gate.explain_losses(model.gate))
        allowed = format_html_join("", "<p>{}</p>", losses)
        return format_html("{}{}<p>{}{}</p>{}", shown, by_digit, reason, forced, allowed)

    @admin.display(description="parameters")
    def parameters_in_words(self, model: TrainedModel) -> SafeString | str:
        return facts(describe_facts(model.parameters))

    @admin.display(description="what it learned from")
    def data_in_words(self, model: TrainedModel) -> SafeString | str:
        return facts(describe_facts(model.data))

    @admin.display(description="file")
    def file_state(self, model: TrainedModel) -> str:
        """Show whether the file is there, without which it cannot be activated."""
        return "deleted" if model.pruned_at else "kept"

    @admin.action(description="Let the selected version answer", permissions=["activate"])
    def activate(self, request: HttpRequest, queryset: TrainedModelQuerySet) -> None:
        versions = list(queryset.values_list("version", flat=True))
        if len(versions) != 1:
            self.message_user(request, "Choose exactly one version.", messages.ERROR)
            return
        try:
            model = registry.activate(versions[0])
        except errors.EXPECTED as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, f"{model} is active.", messages.SUCCESS)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _minute(moment: datetime) -> str:
    return f"{localtime(moment):%Y-%m-%d %H:%M}"
