"""The desk: a reviewer decides about one drawing after the other, by key, touch or plain form."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from recognizer.models import ANSWERS, NO_DIGIT, Decision, Drawing
from recognizer.pages.sentences import tell_share
from recognizer.services import waiting
from recognizer.services.drawings import doubting, recognition, reviews
from recognizer.services.errors import ServiceError
from recognizer.services.retraining import schedule
from recognizer.wording import png_url

AHEAD = 12
"""Drawings that lie on a desk: the one on top, and those that follow."""
NEAREST = 6
UNDO_DEPTH = 20
MOST_SKIPPED = 500
PAUSE = timedelta(minutes=30)
"""After this long without a decision, a reviewer begins again to count."""
CARDS = "admin/recognizer/drawing/_desk_cards.html"


class Refused(ServiceError):
    """What a reviewer asked for cannot be done; the text says why, in their language."""


class Changed(Refused):
    """The drawing is not any more what its card showed."""


class Sitting:
    """What the session keeps: since when, what can be undone, and what was skipped."""

    def __init__(self, request: HttpRequest) -> None:
        self._session = request.session
        self._reviewer = request.user.pk
        kept = request.session.get("desk", {})
        now = timezone.now()
        seen = datetime.fromisoformat(kept.get("seen", now.isoformat()))
        if not kept or now - seen > PAUSE:
            kept = {"began": now.isoformat(), "decisions": [], "skipped": []}
        self.began = datetime.fromisoformat(kept["began"])
        self.decisions: list[list[str]] = kept["decisions"]
        self.undone: list[str] = kept.get("undone", ["", ""])
        """Group and card of the last undo, whose answer may have been lost."""
        self.skipped = [uuid.UUID(each) for each in kept["skipped"]]

    def save(self) -> None:
        self._session["desk"] = {
            "began": self.began.isoformat(),
            "seen": timezone.now().isoformat(),
            "decisions": self.decisions[-UNDO_DEPTH:],
            "undone": self.undone,
            "skipped": [str(each) for each in self.skipped[-MOST_SKIPPED:]],
        }

    @property
    def last(self) -> str:
        """The group of what is undone next, or nothing."""
        return self.decisions[-1][0] if self.decisions else ""

    def note(self, decided: reviews.Decided, drawing: uuid.UUID | None = None) -> None:
        group = str(decided.group) if decided.count else self._find_standing(drawing)
        if group and group not in dict(self.decisions):
            self.decisions.append([group, str(drawing or "")])

    def _find_standing(self, drawing: uuid.UUID | None) -> str:
        """Find a decision of this sitting that was taken before, but whose request broke off."""
        standing = Decision.objects.filter(
            drawing=drawing, reviewer=self._reviewer, undone_at=None, decided_at__gte=self.began
        )
        group = standing.values_list("group", flat=True).first()
        return str(group or "")


class DeskPages(admin.ModelAdmin[Drawing]):
    """Part of the admin of drawings: the desk, its next cards, and the drawings of one hand."""

    def get_urls(self) -> list[Any]:
        own: list[URLPattern] = [
            path(address, self.admin_site.admin_view(never_cache(view)), name=name)
            for address, view, name in (
                ("desk/", self.desk, "desk"),
                ("desk/cards/", self.send_cards, "desk-cards"),
                ("desk/hand/<uuid:pk>/", self.review_hand, "desk-hand"),
            )
        ]
        return [*own, *super().get_urls()]

    def desk(self, request: HttpRequest) -> HttpResponse:
        """Show what is on top; a decision about it arrives by POST."""
        reviewer, queue = self._open(request)
        if request.method == "POST":
            return _answer(request, queue, reviewer)
        sitting = Sitting(request)
        sitting.save()
        waiting.release(reviewer)
        drawings = waiting.take_next(reviewer, queue, AHEAD, skipped=sitting.skipped)
        if wanted := request.GET.get("card"):
            drawings = _put_on_top(_read_id(wanted), drawings, reviewer)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Review desk"),
            "queue": queue.name,
            "cards": _describe(drawings),
            "progress": _describe_progress(reviewer, sitting, queue),
            "skipped": len(sitting.skipped),
            "group": sitting.last,
            "learnable": 0 if drawings else schedule.newly_approved().count(),
        }
        return TemplateResponse(request, "admin/recognizer/drawing/desk.html", context)

    def send_cards(self, request: HttpRequest) -> HttpResponse:
        """Send the cards that follow those that the page holds."""
        reviewer, queue = self._open(request)
        held = _read_held(request.GET)
        # Also beyond those whose decisions are still on their way.
        count = min(max(2 * AHEAD - len(held), 0), AHEAD)
        skipped = Sitting(request).skipped
        drawings = waiting.take_next(reviewer, queue, count, held=held, skipped=skipped)
        context = {"cards": _describe(drawings), "queue": queue.name}
        return TemplateResponse(request, CARDS, context)

    def review_hand(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Show a drawing with others of the same visitor, to approve or reject some together."""
        reviewer, queue = self._open(request)
        if request.method == "POST":
            return _decide_together(request, queue, reviewer)
        drawing = get_object_or_404(Drawing.objects.without_blobs(), pk=pk)
        others = waiting.others_of_hand(drawing).defer("image", "strokes")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Of the same hand"),
            "queue": queue.name,
            "drawing": drawing,
            "cards": [_describe_briefly(each) for each in [drawing, *others]],
        }
        return TemplateResponse(request, "admin/recognizer/drawing/desk_hand.html", context)

    def _open(self, request: HttpRequest) -> tuple[User, waiting.Queue]:
        if not self.has_change_permission(request):
            raise PermissionDenied
        name = request.POST.get("queue") or request.GET.get("queue") or waiting.ANSWERS.name
        if name not in waiting.QUEUES:
            raise BadRequest("The queue is one of: " + ", ".join(waiting.QUEUES))
        return cast(User, request.user), waiting.QUEUES[name]


def _answer(request: HttpRequest, queue: waiting.Queue, reviewer: User) -> HttpResponse:
    """Do what a form or the script sent; return to the desk, or tell the script what came of it."""
    sitting = Sitting(request)
    by_script = not request.accepts("text/html")
    held = _read_held(request.POST)
    card = ""
    try:
        card = _act(request.POST, sitting, reviewer)
    except ServiceError as error:
        if isinstance(error, Changed):
            card = request.POST["drawing"]
        if by_script:
            fresh = _put_on_top(_read_id(card), [], reviewer) if card else []
            context = {"cards": _describe(fresh), "queue": queue.name}
            html = render_to_string(CARDS, context, request)
            answer = {"reason": str(error), "group": sitting.last, "fresh": html}
            return JsonResponse(answer, status=409)
        messages.error(request, str(error))
    sitting.save()
    waiting.renew(reviewer, held)
    if by_script:
        progress = _describe_progress(reviewer, sitting, queue)
        return JsonResponse({"card": card, "group": sitting.last, **progress})
    top = {"card": card} if card else {}
    return redirect(reverse("admin:desk", query={"queue": queue.name, **top}))


def _act(sent: Any, sitting: Sitting, reviewer: User) -> str:
    """Take or undo a decision; return the id of the drawing that belongs on top again, if any."""
    decision = sent.get("decision", "")
    match decision:
        case "undo":
            return _undo(sent.get("group", ""), sitting, reviewer)
        case "again":
            sitting.skipped = []
            return ""
    pk = _read_id(sent.get("drawing", ""))
    if decision == "skip":
        sitting.skipped.append(pk)
    else:
        _decide(decision, pk, sent.get("seen", ""), sitting, reviewer)
    waiting.release(reviewer, pk)
    return ""


def _decide(decision: str, pk: uuid.UUID, seen: str, sitting: Sitting, reviewer: User) -> None:
    decidable = waiting.decidable(pk, reviewer)
    drawings = reviews.as_seen(decidable, reviewer, {pk: seen})
    if decision == "reject":
        decided = reviews.decide(drawings, reviewer, Drawing.Review.REJECTED)
    elif decision in {str(answer) for answer, _name in ANSWERS}:
        approved = Drawing.Review.APPROVED
        decided = reviews.decide(drawings, reviewer, approved, label=int(decision))
    else:
        raise BadRequest("A decision is a label from 0 to 10, reject, skip, undo or again.")
    if not decided.count and not drawings.exists():
        if decidable.exists():
            raise Changed(_("It has changed meanwhile. Look again: this is how it is now."))
        if Drawing.objects.filter(pk=pk).exists():
            raise Refused(_("Another reviewer has decided about it, or has it on the desk."))
        raise Refused(_("This drawing is deleted."))
    sitting.note(decided, pk)


def _undo(group: str, sitting: Sitting, reviewer: User) -> str:
    """Undo a group of decisions; nothing if it is undone already and the answer was lost."""
    cards = dict(sitting.decisions)
    if group not in cards:
        if group and group == sitting.undone[0]:
            return sitting.undone[1]
        raise Refused(_("There is nothing left to undo."))
    card = cards[group]
    sitting.decisions.remove([group, card])
    try:
        reviews.undo(uuid.UUID(group), reviewer)
    except reviews.CannotUndo as error:
        sitting.save()  # the one before can be undone next
        raise Refused(
            _("It was changed or deleted after your decision, and stays as it is.")
        ) from error
    sitting.undone = [group, card]
    if card:
        waiting.lease(reviewer, [uuid.UUID(card)])
    return card


def _decide_together(request: HttpRequest, queue: waiting.Queue, reviewer: User) -> HttpResponse:
    """Approve or reject the chosen ones, as far as no other reviewer has decided meanwhile."""
    chosen = (each.partition(":")[::2] for each in request.POST.getlist("chosen"))
    seals = {_read_id(pk): seal for pk, seal in chosen}
    unreviewed = Drawing.objects.filter(review=Drawing.Review.UNREVIEWED)
    is_approval = request.POST.get("decision") == "approve"
    review = Drawing.Review.APPROVED if is_approval else Drawing.Review.REJECTED
    decided = reviews.decide(reviews.as_seen(unreviewed, reviewer, seals), reviewer, review)
    sitting = Sitting(request)
    sitting.note(decided)
    sitting.save()
    text = (
        ngettext(
            "%(count)s drawing is approved.", "%(count)s drawings are approved.", decided.count
        )
        if is_approval
        else ngettext(
            "%(count)s drawing is rejected.", "%(count)s drawings are rejected.", decided.count
        )
    )
    messages.success(request, text % {"count": decided.count})
    return redirect(reverse("admin:desk", query={"queue": queue.name}))


def _put_on_top(pk: uuid.UUID, drawings: list[Drawing], reviewer: User) -> list[Drawing]:
    """Put a drawing that was asked for first, unless another reviewer has it."""
    rest = [drawing for drawing in drawings if drawing.pk != pk]
    wanted = Drawing.objects.filter(pk=pk).defer("strokes").first()
    if wanted is None or not waiting.lease(reviewer, [pk]):
        return rest
    return [wanted, *rest]


def _describe(drawings: list[Drawing]) -> list[dict[str, Any]]:
    """Return what the cards show."""
    canonicals = [bytes(drawing.canonical) for drawing in drawings]
    nearest = doubting.find_nearest(canonicals, NEAREST) if drawings else []
    return [
        {
            **_describe_briefly(drawing),
            **_describe_fully(drawing),
            "nearest": [
                {"seen": png_url(recognition.png_of_canonical(pixels)), "label": _abbreviate(label)}
                for pixels, label in near
            ],
        }
        for drawing, near in zip(drawings, nearest, strict=True)
    ]


def _describe_briefly(drawing: Drawing) -> dict[str, Any]:
    return {
        "drawing": drawing,
        "seal": reviews.seal(drawing.label, bytes(drawing.canonical)),
        "seen": png_url(recognition.canonical_png(drawing)),
        "label": _say(drawing.label),
        "answer": _say(drawing.answer),
        "pair": "·".join(map(_abbreviate, [drawing.label, drawing.answer])),
    }


def _describe_fully(drawing: Drawing) -> dict[str, Any]:
    others = list(waiting.others_of_hand(drawing).values_list("label", "answer"))
    own = drawing.label, drawing.answer
    # A label that is in doubt competes with what the label check or the model reads instead.
    rival = drawing.answer if drawing.suspected_digit is None else drawing.suspected_digit
    shown = drawing.answer if drawing.label is None else drawing.label
    strangeness = drawing.strangeness or 0.0
    return {
        "drawn": png_url(bytes(drawing.image)),
        "shown": shown,
        "shown_text": _say(shown),
        "rival": None if rival == shown else rival,
        "rival_text": _say(rival),
        "is_doubtful": drawing.suspicious_at is not None,
        "is_contradicted": rival != shown and drawing.confidence >= waiting.SURE,
        "suspected": _say(drawing.suspected_digit),
        "suspected_percent": tell_share(drawing.suspected_share or 0),
        "percent": tell_share(drawing.confidence if drawing.is_digit else strangeness),
        "others": len(others),
        "alike": others.count(own) if drawing.label != drawing.answer else 0,
    }


def _say(answer: int | None) -> str:
    return _("no digit") if answer == NO_DIGIT else _abbreviate(answer)


def _abbreviate(answer: int | None) -> str:
    return "?" if answer is None else "-" if answer == NO_DIGIT else str(answer)


def _describe_progress(reviewer: User, sitting: Sitting, queue: waiting.Queue) -> dict[str, Any]:
    """Return how far it is, as numbers and as a sentence."""
    progress = waiting.measure_progress(reviewer, sitting.began, queue)
    all_ = progress.done + progress.left
    most = waiting.MOST_COUNTED[queue.name]
    is_more = progress.left >= most
    sentence = (
        _("%(done)s done, more than %(all)s left") if is_more else _("%(done)s of %(all)s done")
    )
    counted = most - 1 if is_more else all_
    text = sentence % {"done": f"{progress.done:,}", "all": f"{counted:,}"}
    each = progress.seconds_each
    if each is not None and progress.left:
        text += " · " + _("%(seconds)s s each") % {"seconds": f"{each:.0f}" if each >= 1 else "<1"}
    if each is not None and progress.left and not is_more:
        minutes = max(round(each * progress.left / 60), 1)
        text += " · " + _("about %(minutes)s min left") % {"minutes": f"{minutes:,}"}
    return {"text": text, "done": progress.done, "all": all_}


def _read_held(sent: Any) -> list[uuid.UUID]:
    """Return the ids of the last drawings that a page holds."""
    return [_read_id(each) for each in sent.getlist("held")[-2 * AHEAD :]]


def _read_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise BadRequest("A drawing is named by its UUID.") from error
