"""Pages of the admin that show two versions side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from recognizer.admin.elements import in_own_language, picture
from recognizer.models import TrainedModel, TrainedModelQuerySet
from recognizer.services import errors
from recognizer.services.retraining import runs
from recognizer.services.versions import findings, registry
from recognizer.wording import say_answer, say_percent

if TYPE_CHECKING:
    from recognizer.services.versions import comparison

PICTURES = 60
"""Pictures on one page."""


class ComparisonPages(admin.ModelAdmin[TrainedModel]):
    """Part of the admin of versions: the comparison of two."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.show_comparison)
        own = path("<int:first>/compare/<int:second>/", view, name="model-comparison")
        return [own, *super().get_urls()]

    @admin.display(description="compare")
    def comparison_links(self, model: TrainedModel) -> SafeString | str:
        """Lead to the comparison with the active version and with the parent."""
        others = TrainedModel.objects.whole().exclude(pk=model.pk)
        wanted = {row.pk: "which is active" for row in others.active()}
        if model.gate.get("against") and others.filter(pk=model.gate["against"]).exists():
            wanted.setdefault(model.gate["against"], "which was active when it was trained")
        if model.parent_id and others.filter(pk=model.parent_id).exists():
            wanted.setdefault(model.parent_id, "from which it started")
        if model.pruned_at or not wanted:
            return "-"
        return format_html_join(
            mark_safe("<br>"),  # nosec B308 # a constant
            '<a href="{}">with Model {}</a>, {}',
            (
                (reverse("admin:model-comparison", args=[pk, model.pk]), pk, why)
                for pk, why in wanted.items()
            ),
        )

    @admin.action(description="Compare two versions", permissions=["view"])
    def compare(self, request: HttpRequest, queryset: TrainedModelQuerySet) -> HttpResponse | None:
        """Show two versions side by side, the older one first."""
        versions = list(queryset.order_by("version").values_list("version", flat=True)[:3])
        if len(versions) != 2:
            self.message_user(request, "Choose exactly two versions.", messages.ERROR)
            return None
        return redirect("admin:model-comparison", *versions)

    @in_own_language
    def show_comparison(self, request: HttpRequest, first: int, second: int) -> HttpResponse:
        """Show what each of two versions gets right that the other does not."""
        from recognizer.services.versions import comparison  # not loaded where digits are only read

        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = comparison.get_pair(first, second)
        except registry.UnknownModel as error:
            raise Http404(str(error)) from error
        except errors.EXPECTED as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("admin:recognizer_trainedmodel_changelist")
        if request.method == "POST":
            findings.ask(first, second)
            return redirect(request.path)
        found = findings.look(first, second)
        may_see = request.user.has_perm("recognizer.view_drawing")
        content = found.content
        contrast = content and comparison.from_content(rows, content, with_drawings=may_see)
        names = [_("Model %(version)s") % {"version": row.version} for row in rows]
        context = {
            **self.admin_site.each_context(request),
            "title": _("%(first)s and %(second)s") % {"first": names[0], "second": names[1]},
            "first": names[0],
            "second": names[1],
            "opts": TrainedModel._meta,
            "contrast": contrast,
            "rows": [_row(one) for one in contrast.asked.values()] if contrast else [],
            "gallery": _gallery(request, contrast, names) if contrast else None,
            "found": found,
            "training": runs.running_now() if found.waiting_since else None,
            "command": f"compare_models {first} {second}",
        }
        return TemplateResponse(request, "recognizer/comparison.html", context)


def _row(asked: comparison.Asked) -> dict[str, Any]:
    counts = asked.counts
    return {
        "asked": asked,
        "first_percent": say_percent(counts.first_right / counts.n, 2),
        "second_percent": say_percent(counts.second_right / counts.n, 2),
        "p": f"{counts.p_different:.2g}" if asked.is_fair else None,
    }


def _gallery(
    request: HttpRequest, contrast: comparison.Contrast, names: list[str]
) -> dict[str, Any] | None:
    """Return the pictures that the address names, else the first there are."""
    choices = [
        (name, which)
        for name, asked in contrast.asked.items()
        for which in ("first", "second")
        if asked.count_only(which)
    ]
    wanted = (request.GET.get("of", ""), request.GET.get("only", ""))
    if wanted not in choices:
        if not choices:
            return None
        wanted = choices[0]
    name, which = wanted
    asked = contrast.asked[name]
    count = asked.count_only(which)
    page = Paginator(range(count), PICTURES).get_page(request.GET.get("page"))
    shown = asked.only(which, page.start_index() - 1, PICTURES)
    return {
        "name": name,
        "which": which,
        "winner": names[0] if which == "first" else names[1],
        "meaning": asked.meaning,
        "count": count,
        "page": page,
        "pictures": [
            {
                "image": picture(
                    one.png, 84, _("A picture of %(answer)s") % {"answer": say_answer(one.label)}
                ),
                "label": say_answer(one.label),
                "first": say_answer(one.first),
                "second": say_answer(one.second),
            }
            for one in shown
        ],
    }
