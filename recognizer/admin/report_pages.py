"""Pages of the admin with the report of a version, and that report as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from recognizer.admin.elements import in_own_language
from recognizer.models import TrainedModel
from recognizer.pages.report_file import render_report
from recognizer.services.retraining import runs
from recognizer.services.versions import findings, registry

if TYPE_CHECKING:
    from recognizer.services.versions import reports


class ReportPages(admin.ModelAdmin[TrainedModel]):
    """Part of the admin of versions: their reports."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own: list[URLPattern] = [
            path("<int:version>/report/", view(self.show_report), name="model-report"),
            path("<int:version>/report/file/", view(self.send_report), name="model-report-file"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description="report")
    def report_link(self, model: TrainedModel) -> SafeString:
        url = reverse("admin:model-report", args=[model.version])
        return format_html('<a href="{}">Mistakes, calibration, learning curve</a>', url)

    @in_own_language
    def show_report(self, request: HttpRequest, version: int) -> HttpResponse:
        model, found = self._look(request, version)
        if request.method == "POST":
            findings.ask(version)
            return redirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Report of Model %(version)s") % {"version": version},
            "opts": TrainedModel._meta,
            "model": model,
            "report": _read(request, model, found),
            "found": found,
            "training": runs.running_now() if found.waiting_since else None,
            "command": f"export_report report.html --model {version}",
            "links": True,
        }
        return TemplateResponse(request, "recognizer/report_page.html", context)

    def send_report(self, request: HttpRequest, version: int) -> HttpResponse:
        model, found = self._look(request, version)
        report = _read(request, model, found)
        if report is None:
            return redirect("admin:model-report", version)
        html = render_report(report)
        name = f"report-of-model-{version}.html"
        return HttpResponse(html, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    def _look(self, request: HttpRequest, version: int) -> tuple[TrainedModel, findings.Found]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            return registry.get_model(version), findings.look(version)
        except registry.UnknownModel as error:
            raise Http404(str(error)) from error


def _read(
    request: HttpRequest, model: TrainedModel, found: findings.Found
) -> reports.VersionReport | None:
    from recognizer.services.versions import reports  # not loaded where digits are only read

    if found.finding is None or found.finding.made_at is None or found.content is None:
        return None
    may_see = request.user.has_perm("recognizer.view_drawing")
    made_at = found.finding.made_at
    return reports.from_content(model, made_at, found.content, with_drawings=may_see)
