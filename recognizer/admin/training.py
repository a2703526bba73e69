"""Versions and training runs in the admin: to look at, and to let a version answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from recognizer import services
from recognizer.admin.elements import table
from recognizer.models import TrainedModel, TrainedModelQuerySet, TrainingRun

if TYPE_CHECKING:
    ModelAdminBase = admin.ModelAdmin[TrainedModel]
    RunAdminBase = admin.ModelAdmin[TrainingRun]
else:
    ModelAdminBase = RunAdminBase = admin.ModelAdmin

MODEL_FIELDS = (
    "version",
    "active",
    "origin",
    "parent",
    "created_at",
    "accuracy_percent",
    "metrics_table",
    "training_seconds",
    "parameters",
    "data",
    "artifact",
    "sha256",
    "size_bytes",
    "sklearn_version",
    "numpy_version",
    "python_version",
)
RUN_FIELDS = (
    "state",
    "progress_bar",
    "phase",
    "started_at",
    "finished_at",
    "outcome",
    "model",
    "options",
    "host",
    "process",
    "log_lines",
)


class ReadOnly:
    """Rows that only the services write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds one by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes one: drawings and later versions refer to it."""
        return False


@admin.register(TrainedModel)
class TrainedModelAdmin(ReadOnly, ModelAdminBase):
    """The versions."""

    actions = ["activate"]
    list_display = [
        "__str__",
        "active",
        "origin",
        "accuracy_percent",
        "corrections",
        "created_at",
        "sklearn_version",
    ]
    list_filter = ["origin"]
    sortable_by = ()
    show_full_result_count = False
    fields = MODEL_FIELDS
    readonly_fields = MODEL_FIELDS

    def has_activate_permission(self, request: HttpRequest) -> bool:
        """Who may change models may say which one answers."""
        return request.user.has_perm("recognizer.change_trainedmodel")

    @admin.display(description="accuracy on unseen typefaces")
    def accuracy_percent(self, model: TrainedModel) -> str:
        """Show the accuracy in percent."""
        return _percent(model.accuracy)

    @admin.display(description="corrections")
    def corrections(self, model: TrainedModel) -> int:
        """Show how many corrections it learned from."""
        return int(model.data.get("corrections", 0))

    @admin.display(description="accuracy by digit")
    def metrics_table(self, model: TrainedModel) -> SafeString | str:
        """Show how well each digit of each holdout is read."""
        reports = {
            name: report for name, report in model.metrics.items() if report and "recall" in report
        }
        rows = [
            [name, report["n"], *map(_percent, [report["accuracy"], *report["recall"]])]
            for name, report in reports.items()
        ]
        return table(["Kept aside", "Digits", "All", *range(10)], rows) if rows else "-"

    @admin.action(description="Let the selected version answer", permissions=["activate"])
    def activate(self, request: HttpRequest, queryset: TrainedModelQuerySet) -> None:
        """Activate exactly one."""
        versions = list(queryset.values_list("version", flat=True))
        if len(versions) != 1:
            self.message_user(request, "Choose exactly one version.", messages.ERROR)
            return
        try:
            model = services.activate(versions[0])
        except services.RecognizerError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, f"{model} is active.", messages.SUCCESS)


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnly, RunAdminBase):
    """The runs."""

    list_display = ["__str__", "state", "progress_bar", "phase", "started_at", "outcome"]
    list_filter = ["state"]
    sortable_by = ()
    show_full_result_count = False
    fields = RUN_FIELDS
    readonly_fields = RUN_FIELDS

    @admin.display(description="progress")
    def progress_bar(self, run: TrainingRun) -> SafeString:
        """Show how far it is."""
        return format_html(
            '<progress value="{}" max="1"></progress> {}', run.progress, f"{run.progress:.0%}"
        )

    @admin.display(description="log")
    def log_lines(self, run: TrainingRun) -> SafeString:
        """Show what was noted."""
        return format_html("<pre>{}</pre>", run.log)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
