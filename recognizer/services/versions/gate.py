"""Whether a trained model may take the place of the one that answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from ml.errors import ArtifactError
from ml.measuring.holdouts import (
    DIGIT_TOLERATED,
    LEVEL,
    TOLERATED,
    ask,
    compare_answers,
    compare_digits,
    fallen_digits,
    is_new_to,
    worse_on,
)
from ml.measuring.significance import Comparison, significant
from ml.training.train import TrainedArtifact
from recognizer.models import TrainedModel
from recognizer.services.versions.registry import load_pipeline
from recognizer.wording import HOLDOUTS, by_holdout


@dataclass(frozen=True)
class Verdict:
    """The gate's decision about a candidate, and its reason."""

    accepted: bool
    against: int | None = None
    worse: tuple[str, ...] = ()
    fallen: tuple[tuple[str, int], ...] = ()
    """Holdouts and digits that lost, whatever the sum says."""
    forced: bool = False
    compared: dict[str, Comparison] = field(default_factory=dict)
    digits: dict[str, dict[int, Comparison]] = field(default_factory=dict)
    note: str = ""

    @property
    def reason(self) -> str:
        """The reason in one sentence, or an empty text."""
        faults = [_fault(HOLDOUTS[name], self.compared[name]) for name in self.worse]
        faults += [
            _fault(f"the {digit} of {HOLDOUTS[name]}", self.digits[name][digit])
            for name, digit in self.fallen
        ]
        if not faults:
            return self.note
        return f"It is significantly worse than Model {self.against} on {'; '.join(faults)}."

    def outcome_of(self, model: TrainedModel | None) -> str:
        """Return the outcome for a version, or for one that is not stored."""
        if self.accepted:
            outcome = f"{model} is active." if model else "It would be active."
        else:
            outcome = f"{model} is kept, but not active." if model else "It would not be active."
        if self.forced:
            outcome += " It was forced."
        return f"{outcome} {self.reason}".strip()

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored with the version."""
        return {
            **asdict(self),
            "compared": {name: one.as_dict() for name, one in self.compared.items()},
            "digits": {
                name: {str(digit): _outcome(one) for digit, one in by_digit.items()}
                for name, by_digit in self.digits.items()
            },
            "level": LEVEL,
            "reason": self.reason,
        }


def _outcome(one: Comparison) -> dict[str, Any]:
    """Return what is stored of one digit: short, since there are forty."""
    return {
        "n": one.n,
        "points_lost": round(100 * one.loss, 2),
        "p": float(f"{one.p_second_worse:.2g}"),
    }


def _fault(pictures: str, one: Comparison) -> str:
    return (
        f"{pictures} by {100 * one.loss:.1f} points (wrong where the other is right: "
        f"{one.only_first:,}, the other way: {one.only_second:,}, of {one.n:,}; "
        f"p = {one.p_second_worse:.2g})"
    )


def explain_losses(gate: dict[str, Any]) -> list[str]:
    """Say of each loss of an accepted version why it was allowed, from what is stored with it.

    Of the digits that lost no more than by chance, the one that lost most is named.
    """
    level = gate.get("level", LEVEL)
    if not gate.get("accepted") or gate.get("forced"):
        return []
    tried = {
        gettext(HOLDOUTS[name]): (100 * (one["only_first"] - one["only_second"]) / one["n"], one)
        for name, one in by_holdout(gate.get("compared", {}))
    }
    p_values = {pictures: one["p_second_worse"] for pictures, (_, one) in tried.items()}
    allowed = {gettext(HOLDOUTS[name]): share for name, share in TOLERATED.items()}
    losses = [
        (pictures, lost, p_values[pictures], allowed.get(pictures, 0.0))
        for pictures, (lost, _) in tried.items()
        if lost > 0
    ]
    found = set(significant(p_values, level))
    digits = {
        gettext("the %(digit)s of %(pictures)s")
        % {"digit": digit, "pictures": gettext(HOLDOUTS[name])}: one
        for name, by_digit in by_holdout(gate.get("digits", {}))
        for digit, one in by_digit.items()
    }
    found.update(significant({pictures: one["p"] for pictures, one in digits.items()}, level))
    lost_most = max(
        (pictures for pictures in digits if pictures not in found),
        key=lambda pictures: digits[pictures]["points_lost"],
        default=None,
    )
    losses += [
        (pictures, one["points_lost"], one["p"], DIGIT_TOLERATED)
        for pictures, one in digits.items()
        if (pictures in found and one["points_lost"] > 0)
        or (pictures == lost_most and one["points_lost"] > 100 * DIGIT_TOLERATED)
    ]
    return [
        (
            gettext("%(points)s less on %(pictures)s: within the allowance of %(allowed)s.")
            if pictures in found
            else gettext("%(points)s less on %(pictures)s: no more than chance (p = %(p)s).")
        )
        % {
            "points": _points(lost),
            "pictures": pictures,
            "allowed": _points(100 * share),
            "p": f"{p:.2g}",
        }
        for pictures, lost, p, share in losses
    ]


def _points(points: float) -> str:
    places = 2 if points < 0.05 else int(round(points, 1) % 1 > 0)
    number = number_format(round(points, places), places)
    said = ngettext("%(points)s point", "%(points)s points", 1 if number == "1" else 2)
    return said % {"points": number}


def judge(candidate: TrainedArtifact, *, force: bool = False) -> Verdict:
    """Compare a candidate with the active model on pictures that are new to both.

    It is refused if it is worse by more than chance, on a holdout or on one digit of a holdout:
    McNemar's exact test, one-sided, at one level for all holdouts together, and at one for all
    digits of all holdouts (Holm).
    """
    active = TrainedModel.objects.active().first()
    if active is None:
        return Verdict(accepted=True, note="There was no active model to compare it with.")
    try:
        pipeline = load_pipeline(active)
    except ArtifactError as error:
        return Verdict(True, active.version, note=f"It was compared with none: {error}")
    new = is_new_to(active.data, candidate.holdouts.corrections)
    holdouts = candidate.holdouts.with_corrections(new)
    answers = candidate.answers.with_corrections(new)
    given = ask(pipeline, holdouts)
    compared = compare_answers(holdouts, given, answers)
    digits = compare_digits(holdouts, given, answers)
    worse, fallen = worse_on(compared), fallen_digits(digits)
    is_worse = bool(worse or fallen)
    return Verdict(
        accepted=force or not is_worse,
        against=active.version,
        worse=worse,
        fallen=fallen,
        forced=force and is_worse,
        compared=compared,
        digits=digits,
    )


def confirm(verdict: Verdict, *, force: bool = False) -> Verdict:
    """Refuse a candidate that was not compared with the version that is active now.

    The caller holds the transaction in which the candidate would be activated.
    """
    active = TrainedModel.objects.active().select_for_update().first()
    version = active.version if active else None
    if force or not verdict.accepted or version == verdict.against:
        return verdict
    note = f"{active or 'No model'} was activated meanwhile, and it was not compared with that."
    return replace(verdict, accepted=False, note=note)
