"""Training runs in the admin: their progress, and the button that starts one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from recognizer.admin.elements import facts
from recognizer.admin.versions import ReadOnly
from recognizer.models import TrainingRun
from recognizer.services import errors
from recognizer.services.retraining import runs, schedule
from recognizer.wording import describe_facts, describe_pace

FIELDS = (
    "state",
    "progress_bar",
    "phase",
    "started_at",
    "finished_at",
    "outcome",
    "model",
    "options_in_words",
    "host",
    "process",
    "log_lines",
)


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnly, admin.ModelAdmin[TrainingRun]):
    list_display = ["__str__", "state", "progress_bar", "phase", "started_at", "outcome"]
    list_filter = ["state"]
    sortable_by = ()
    show_full_result_count = False
    fields = FIELDS
    readonly_fields = FIELDS

    class Media:
        css = {"all": ["css/admin.css"]}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.retrain)
        return [path("retrain/", view, name="recognizer_trainingrun_retrain"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the runs, dead ones as interrupted."""
        return super().changelist_view(request, self._live_context(request, extra_context))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = self._live_context(request, extra_context)
        return super().changeform_view(request, object_id, form_url, context)

    @method_decorator(require_POST)
    def retrain(self, request: HttpRequest) -> HttpResponse:
        if not self.has_retrain_permission(request):
            raise PermissionDenied
        try:
            schedule.enqueue_retraining()
        except errors.ServiceError as error:
            self.message_user(request, str(error), messages.WARNING)
        else:
            self.message_user(request, "A retraining will begin in a moment.", messages.SUCCESS)
        return redirect("admin:recognizer_trainingrun_changelist")

    def has_retrain_permission(self, request: HttpRequest) -> bool:
        """The permission to add runs is the one to start a retraining."""
        return request.user.has_perm("recognizer.add_trainingrun")

    @admin.display(description="progress")
    def progress_bar(self, run: TrainingRun) -> SafeString:
        pace = ""
        if run.state == TrainingRun.State.RUNNING:
            pace = describe_pace(run.rate, run.seconds_left)
        return format_html(
            '<progress value="{}" max="1" aria-label="Progress"></progress> {}',
            run.progress,
            f"{run.progress:.0%}{pace}",
        )

    @admin.display(description="options")
    def options_in_words(self, run: TrainingRun) -> SafeString | str:
        return facts(describe_facts(run.options))

    @admin.display(description="log")
    def log_lines(self, run: TrainingRun) -> SafeString:
        return format_html("<pre>{}</pre>", run.log)

    def _live_context(
        self, request: HttpRequest, extra_context: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Return what the template needs of the current and the waiting run."""
        runs.close_dead_runs()
        return {
            **(extra_context or {}),
            "running": TrainingRun.objects.running().first(),
            "waiting_since": schedule.waiting_since(),
            "may_retrain": self.has_retrain_permission(request),
        }
