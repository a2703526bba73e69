"""Decisions about many drawings of the list: counted, confirmed, in portions, and undone."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop, ngettext

from recognizer.admin.elements import in_own_language, picture
from recognizer.models import NO_DIGIT, Decision, Drawing, DrawingQuerySet
from recognizer.services.drawings import doubting, recognition, reviews

CONFIRMED_FROM = 50
"""Drawings from which on a decision is asked again."""
PORTION = 2_000
"""Drawings that one request decides about; of a whole filter the rest is asked for again."""
SHOWN = 60
"""Doubtful drawings whose pictures are shown before an approval."""
APPROVED, UNREVIEWED = Drawing.Review.APPROVED, Drawing.Review.UNREVIEWED
REVIEWS = {
    "approve": APPROVED,
    "relabel": APPROVED,
    "reject": Drawing.Review.REJECTED,
    "reopen": UNREVIEWED,
}


class BulkDecisions(admin.ModelAdmin[Drawing]):
    """Part of the admin of drawings: its actions, and their undoing."""

    actions = ["approve", "reject", "relabel", "reopen", "withdraw_license", "delete_selected"]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.undo)
        own = path("undo/<uuid:group>/", view, name="recognizer_drawing_undo")
        return [own, *super().get_urls()]

    @admin.action(description="Approve the labels", permissions=["change"])
    def approve(self, request: HttpRequest, queryset: DrawingQuerySet) -> Any:
        return self._decide(request, queryset, "approve")

    @admin.action(description="Reject", permissions=["change"])
    def reject(self, request: HttpRequest, queryset: DrawingQuerySet) -> Any:
        return self._decide(request, queryset, "reject")

    @admin.action(description="Relabel and approve…", permissions=["change"])
    def relabel(self, request: HttpRequest, queryset: DrawingQuerySet) -> Any:
        return self._decide(request, queryset, "relabel")

    @admin.action(description="Put back to unreviewed", permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: DrawingQuerySet) -> Any:
        return self._decide(request, queryset, "reopen")

    @admin.action(description="Take the license back for these hands…", permissions=["change"])
    @in_own_language
    def withdraw_license(self, request: HttpRequest, queryset: DrawingQuerySet) -> Any:
        """Ask, and take it back for all drawings of the chosen hands: their cookie may be gone."""
        own = queryset.licensed().order_by().values("visitor").distinct()
        licensed = Drawing.objects.licensed().filter(visitor__in=own)
        count = licensed.count()
        if not count:
            sentence = gettext("None of these hands let other people use a drawing.")
            self.message_user(request, sentence, messages.WARNING)
            return None
        if not request.POST.get("confirmed"):
            title = ngettext(
                "Take the license of %(count)s drawing back?",
                "Take the license of %(count)s drawings back?",
                count,
            )
            hidden = ("action", "select_across", ACTION_CHECKBOX_NAME)
            context = {
                "title": title % {"count": f"{count:,}"},
                "sent": [(name, text) for name in hidden for text in request.POST.getlist(name)],
                "hands": own.count(),
            }
            return self._page(request, "withdraw", context)
        count = 0
        for visitor in list(own.values_list("visitor", flat=True)):
            drawings = list(licensed.filter(visitor=visitor).only("pk"))
            count += recognition.withdraw_license(visitor)
            LogEntry.objects.log_actions(
                _reviewer(request).pk, drawings, CHANGE, gettext_noop("The license was taken back.")
            )
        sentence = ngettext(
            "The license of %(count)s drawing is taken back.",
            "The license of %(count)s drawings is taken back.",
            count,
        )
        self.message_user(request, sentence % {"count": f"{count:,}"}, messages.SUCCESS)
        return None

    @admin.action(description="Delete…", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: DrawingQuerySet) -> Any:
        return self._decide(request, queryset, "delete_selected")

    @in_own_language
    def undo(self, request: HttpRequest, group: uuid.UUID) -> HttpResponse:
        """Ask whether a decision is to be undone, and undo it."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        decisions = Decision.objects.filter(group=group)
        first = decisions.select_related("reviewer").first()
        if first is None:
            raise Http404
        if request.method != "POST":
            count = decisions.filter(undone_at=None, drawing__in=Drawing.objects.all()).count()
            title = ngettext(
                "Undo the decision about %(count)s drawing?",
                "Undo the decision about %(count)s drawings?",
                count,
            )
            context = {"title": title % {"count": f"{count:,}"}, "decision": first, "count": count}
            return self._page(request, "undo", context)
        try:
            undone = reviews.undo(group, _reviewer(request))
        except reviews.CannotUndo:
            self.message_user(
                request,
                gettext("Nothing is undone: it was undone already, or changed since."),
                messages.ERROR,
            )
        else:
            sentence = gettext("%(count)s as before.") % {"count": f"{undone.count:,}"}
            self.message_user(request, sentence, messages.SUCCESS)
            if undone.changed:
                sentence = gettext("%(count)s changed since and stay as they are.")
                sentence %= {"count": f"{undone.changed:,}"}
                self.message_user(request, sentence, messages.WARNING)
        return redirect("admin:recognizer_drawing_changelist")

    @in_own_language
    def _decide(self, request: HttpRequest, queryset: DrawingQuerySet, action: str) -> Any:
        """Decide about the drawings that an action would change, or ask first."""
        text = request.POST.get("label", "")
        label = int(text) if text.isdecimal() and int(text) <= NO_DIGIT else None
        wanted = _narrow(_as_shown(request, queryset), action, label)
        total = wanted.count()  # once, for it may be all of a large archive
        changed = _narrow(_chosen(request, queryset), action, label).count() - total
        if changed and not total:
            self._tell_changed(request, changed)
            return None
        # By the newest, so that the page and its answer are about the same portion.
        newest = wanted.order_by("-created_at", "-id").values_list("pk", flat=True)
        portion = wanted.filter(pk__in=list(newest[:PORTION]))
        doubtful = Drawing.objects.none()
        if action == "approve":
            doubting.mark_doubtful(portion)
            doubtful = portion.suspicious()
        confirmed = request.POST.get("confirmed", "")
        is_asked = action in {"relabel", "delete_selected"} or doubtful.exists()
        if not confirmed and (is_asked or total >= CONFIRMED_FROM):
            return self._ask(request, action, total, doubtful)
        if action == "relabel" and label is None:
            self.message_user(
                request, gettext("Choose which digit it is, or “no digit”."), messages.ERROR
            )
            return self._ask(request, action, total, doubtful)
        if confirmed == "others":
            portion = portion.filter(suspicious_at=None)
        changed += portion.count()
        if action == "delete_selected":
            count = sum(recognition.delete_in_chunks(portion))
            self._tell(request, action, count)
        else:
            kept = reviews.KEPT if label is None else label
            decided = reviews.decide(portion, _reviewer(request), REVIEWS[action], label=kept)
            count = decided.count
            self._tell(request, action, count, decided.group)
        if changed > count:
            self._tell_changed(request, changed - count)
        if action == "approve" and (unlabeled := queryset.open()[:PORTION].count()):
            sentence = gettext("%(count)s without a label: there is nothing to approve.")
            sentence %= {"count": f"{unlabeled:,}"}
            self.message_user(request, sentence, messages.WARNING)
        if _is_across(request) and confirmed != "others" and (left := wanted.count()):
            return self._ask(request, action, left, doubtful, label)
        return None

    def _ask(
        self,
        request: HttpRequest,
        action: str,
        count: int,
        doubtful: DrawingQuerySet,
        label: int | None = None,
    ) -> TemplateResponse:
        """Show how many drawings an action changes, and which of them look wrong."""
        now, wrong = min(count, PORTION), doubtful.count()
        shown = doubtful.without_blobs().order_by("-created_at", "-id")[:SHOWN]
        context = {
            "title": _title(action, count),
            "action": action,
            "count": count,
            "now": now,
            "wrong": wrong,
            "others": now - wrong,
            "doubtful": [
                (drawing, picture(recognition.canonical_png(drawing), 84, "")) for drawing in shown
            ],
            "answers": [
                (each, gettext("no digit") if each == NO_DIGIT else each) for each in range(11)
            ],
            "label": label,
            "checkbox": ACTION_CHECKBOX_NAME,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "shown_at": request.POST.get("shown_at", ""),
            "seen": request.POST.getlist("seen"),
        }
        return self._page(request, "decide", context)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(
            request, f"admin/recognizer/drawing/{name}.html", {**shared, **context}
        )

    def _tell(
        self, request: HttpRequest, action: str, count: int, group: uuid.UUID | None = None
    ) -> None:
        sentence = {
            "approve": gettext("%(count)s approved."),
            "reject": gettext("%(count)s rejected."),
            "relabel": gettext("%(count)s relabeled."),
            "reopen": gettext("%(count)s put back to unreviewed."),
            "delete_selected": gettext("%(count)s deleted."),
        }[action] % {"count": f"{count:,}"}
        if group and count:
            url = reverse("admin:recognizer_drawing_undo", args=[group])
            sentence = format_html('{} <a href="{}">{}</a>', sentence, url, gettext("Undo"))
        self.message_user(request, sentence, messages.SUCCESS)

    def _tell_changed(self, request: HttpRequest, count: int) -> None:
        sentence = ngettext(
            "%(count)s is not as the page showed it, and stays as it is.",
            "%(count)s are not as the page showed them, and stay as they are.",
            count,
        )
        self.message_user(request, sentence % {"count": f"{count:,}"}, messages.WARNING)


def write_state(drawing: Drawing) -> str:
    """Return what a page shows of a drawing, which a decision sends back to be compared."""
    seal = reviews.seal(drawing.label, bytes(drawing.canonical))
    return f"{drawing.pk}:{drawing.review}:{seal}"


def as_shown(drawings: DrawingQuerySet, reviewer: User, seen: list[str]) -> DrawingQuerySet:
    """Return the drawings whose review, label and ink are as a page showed them."""
    seals: dict[uuid.UUID, str] = {}
    by_review: dict[str, list[uuid.UUID]] = {}
    for each in seen:
        pk, review, seal = [*each.split(":", 2), "", ""][:3]
        with suppress(ValueError):
            seals[uuid.UUID(pk)] = seal
            by_review.setdefault(review, []).append(uuid.UUID(pk))
    same = Q(pk__in=[])
    for review, ids in by_review.items():
        same |= Q(review=review, pk__in=ids)
    return reviews.as_seen(drawings.filter(same), reviewer, seals)


def _is_across(request: HttpRequest) -> bool:
    """Check whether all that meets the filter is chosen, not only rows of the page."""
    return request.POST.get("select_across") == "1"


def _chosen(request: HttpRequest, queryset: DrawingQuerySet) -> DrawingQuerySet:
    """Return what was chosen, also what meets the filter no more."""
    if _is_across(request):
        return queryset
    return Drawing.objects.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))


def _as_shown(request: HttpRequest, queryset: DrawingQuerySet) -> DrawingQuerySet:
    """Return the chosen drawings that are as the page showed them.

    Of a whole filter it showed the first rows; the others are as they were at that time.
    """
    reviewer, seen = _reviewer(request), request.POST.getlist("seen")
    unchanged = as_shown(queryset, reviewer, seen)
    if not _is_across(request):
        return unchanged
    try:
        shown_at = datetime.fromisoformat(request.POST.get("shown_at", "")).astimezone(UTC)
        ids = [uuid.UUID(each.partition(":")[0]) for each in seen]
    except ValueError:
        return unchanged
    later = Q(decided_at__gt=shown_at) & ~Q(reviewer=reviewer)
    later |= Q(undone_at__gt=shown_at) & ~Q(undone_by=reviewer)
    since = Decision.objects.filter(later, drawing=OuterRef("pk"))
    imported = Q(imported_with__started_at__gt=shown_at) | Q(imported_with__unfinished=True)
    by_author = Q(pk__in=Drawing.objects.filter(changed_at__gt=shown_at).order_by().values("pk"))
    answered = Q(feedback_at__gt=shown_at) | by_author
    changed = imported | answered | Q(reviewed_at__gt=shown_at) | Exists(since)
    return unchanged | queryset.filter(~changed, created_at__lte=shown_at).exclude(pk__in=ids)


def _narrow(drawings: DrawingQuerySet, action: str, label: int | None) -> DrawingQuerySet:
    """Return the drawings that an action would change."""
    match action:
        case "approve":
            return drawings.labeled().filter(~Q(review=APPROVED) | Q(suspicious_at__isnull=False))
        case "relabel" if label is not None:
            return drawings.exclude(review=APPROVED, label=label)
        case "reject" | "reopen":
            return drawings.exclude(review=REVIEWS[action])
    return drawings


def _title(action: str, count: int) -> str:
    title = {
        "approve": ngettext("Approve %(count)s label?", "Approve %(count)s labels?", count),
        "reject": ngettext("Reject %(count)s drawing?", "Reject %(count)s drawings?", count),
        "relabel": ngettext("Relabel %(count)s drawing?", "Relabel %(count)s drawings?", count),
        "reopen": ngettext(
            "Put %(count)s drawing back to unreviewed?",
            "Put %(count)s drawings back to unreviewed?",
            count,
        ),
        "delete_selected": ngettext(
            "Delete %(count)s drawing for good?", "Delete %(count)s drawings for good?", count
        ),
    }[action]
    return title % {"count": f"{count:,}"}


def _reviewer(request: HttpRequest) -> User:
    return cast(User, request.user)  # the admin admits users alone
