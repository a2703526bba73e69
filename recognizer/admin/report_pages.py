"""Pages of the admin with the report of a version, and that report as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from recognizer.models import TrainedModel
from recognizer.pages.report_file import render_report
from recognizer.services.versions import registry

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

    def show_report(self, request: HttpRequest, version: int) -> HttpResponse:
        report = self._make_report(request, version)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Report of {report.model}",
            "opts": TrainedModel._meta,
            "report": report,
            "may_see_drawings": request.user.has_perm("recognizer.view_drawing"),
        }
        return TemplateResponse(request, "recognizer/report_page.html", context)

    def send_report(self, request: HttpRequest, version: int) -> HttpResponse:
        html = render_report(self._make_report(request, version))
        name = f"report-of-model-{version}.html"
        return HttpResponse(html, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    def _make_report(self, request: HttpRequest, version: int) -> reports.VersionReport:
        from recognizer.services.versions import reports  # not loaded where digits are only read

        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            return reports.make_report(version)
        except registry.UnknownModel as error:
            raise Http404(str(error)) from error
