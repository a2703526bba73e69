"""Whether a trained model may take the place of the one that answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ml.errors import ArtifactError
from ml.measuring.holdouts import LEVEL, ask, compare_answers, is_new_to, worse_on
from ml.measuring.significance import Comparison
from ml.training.train import TrainedArtifact
from recognizer.models import TrainedModel
from recognizer.services.versions.registry import load_pipeline
from recognizer.wording import HOLDOUTS


@dataclass(frozen=True)
class Verdict:
    """The gate's decision about a candidate, and its reason."""

    accepted: bool
    against: int | None = None
    worse: tuple[str, ...] = ()
    forced: bool = False
    compared: dict[str, Comparison] = field(default_factory=dict)
    note: str = ""

    @property
    def reason(self) -> str:
        """The reason in one sentence, or an empty text."""
        if not self.worse:
            return self.note
        faults = "; ".join(self._fault(name) for name in self.worse)
        return f"It is significantly worse than Model {self.against} on {faults}."

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
            "level": LEVEL,
            "reason": self.reason,
        }

    def _fault(self, name: str) -> str:
        one = self.compared[name]
        return (
            f"{HOLDOUTS[name]} (wrong where the other is right: {one.only_first:,}, the other way: "
            f"{one.only_second:,}, of {one.n:,}; p = {one.p_second_worse:.2g})"
        )


def judge(candidate: TrainedArtifact, *, force: bool = False) -> Verdict:
    """Compare a candidate with the active model on pictures that are new to both.

    It is refused if it is worse by more than chance: McNemar's exact test, one-sided, on each
    holdout, at one level for all of them together (Holm).
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
    compared = compare_answers(holdouts, ask(pipeline, holdouts), answers)
    worse = worse_on(compared)
    return Verdict(not worse or force, active.version, worse, bool(worse) and force, compared)


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
