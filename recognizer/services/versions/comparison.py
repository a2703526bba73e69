"""Comparison of two versions: what only one of them gets right."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.utils.translation import gettext, gettext_noop
from numpy.typing import NDArray

from ml.drawing.canonical import Digits
from ml.drawing.pictures import encode_png
from ml.labeled.digits import is_held_out
from ml.measuring import holdouts
from ml.measuring.evaluation import likeliest
from ml.measuring.holdouts import Answers, Holdouts, ask, is_new_to, is_right
from ml.measuring.significance import Comparison, compare
from ml.pipeline import NOT_A_DIGIT, read
from recognizer.models import TrainedModel
from recognizer.services.errors import ServiceError
from recognizer.services.stored_digits import StoredDigits, read_newest_corrections, read_pixels
from recognizer.services.versions.registry import check_kept, get_model, load_pipeline
from recognizer.wording import HOLDOUTS, by_holdout

NEWEST = 10_000
"""Newest corrections that are read; about a tenth of them may measure."""
LEARNED = 1_000
"""Newest corrections, of those that a version may have learned from, that are asked about."""


class SameVersion(ServiceError):
    """A version is compared with itself."""


@dataclass(frozen=True)
class Difference:
    """A picture that only one of two versions reads right; None means not a digit."""

    png: bytes
    label: int | None
    first: int | None
    second: int | None


@dataclass(frozen=True, eq=False)
class Asked:
    """The answers of two versions to the same pictures, and the pictures on which they differ."""

    name: str
    counts: Comparison
    images: Digits
    labels: NDArray[np.uint8]
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    drawings: NDArray[np.object_]
    """Ids of the drawings that the pictures are of; None for all others."""

    @property
    def meaning(self) -> str:
        name = HOLDOUTS.get(
            self.name, gettext_noop("corrections that one of them may have learned")
        )
        return gettext(name)

    @property
    def is_fair(self) -> bool:
        """Whether neither version has learned the pictures."""
        return self.name in HOLDOUTS

    def only(self, which: str, start: int = 0, count: int | None = None) -> list[Difference]:
        """Return what only the ``first`` or only the ``second`` version gets right."""
        stop = None if count is None else start + count
        return [
            Difference(
                encode_png(self.images[index]),
                *map(_digit, (self.labels[index], self.first[index], self.second[index])),
            )
            for index in self._places(which)[start:stop]
        ]

    def count_only(self, which: str) -> int:
        """Count the pictures that `only` has: those of drawings may be gone, or not to be seen."""
        return len(self._places(which))

    def _places(self, which: str) -> NDArray[np.intp]:
        first_right, second_right = self._right(self.first), self._right(self.second)
        wanted = first_right & ~second_right if which == "first" else second_right & ~first_right
        return np.flatnonzero(wanted)

    def _right(self, given: NDArray[np.uint8]) -> NDArray[np.bool_]:
        return is_right(self.name, self.labels, given)


@dataclass(frozen=True)
class Contrast:
    """Two versions, and their answers by set of pictures."""

    first: TrainedModel
    second: TrainedModel
    asked: dict[str, Asked]


def get_pair(first: int, second: int) -> tuple[TrainedModel, TrainedModel]:
    """Return two different versions whose files are kept."""
    if first == second:
        raise SameVersion(f"Model {first} is compared with itself; name two versions.")
    rows = get_model(first), get_model(second)
    for row in rows:
        check_kept(row)
    return rows


def compare_versions(
    first: int, second: int, note: Callable[[str, float], None] = lambda phase, share: None
) -> Contrast:
    """Ask two versions about the holdouts, and about corrections."""
    rows = get_pair(first, second)
    note(gettext_noop("loading the models"), 0.0)
    pipelines = [load_pipeline(row) for row in rows]
    note(gettext_noop("preparing the pictures kept aside"), 0.05)
    files = Path(settings.BASE_DATASET), Path(settings.LETTERS_DATASET)
    frozen = _frozen_holdouts(*files)
    note(gettext_noop("reading corrections"), 0.7)
    held, learned = _read_corrections(rows)
    pictures = replace(frozen, corrections=held.digits)
    answers = []
    for place, (row, pipeline) in enumerate(zip(rows, pipelines, strict=True)):
        note(gettext_noop("asking the versions"), 0.75 + 0.1 * place)
        frozen_answers = _frozen_answers(row.sha256, row.artifact, *files)
        answers.append(replace(frozen_answers, corrections=read(pipeline, held.digits.images)))
    asked = {}
    for name in holdouts.HOLDOUTS:
        labels = pictures.labels(name)
        given = [one.given(name, labels) for one in answers]
        drawings = np.full(len(labels), None, object)
        if name in ("corrections", "others"):
            before = len(frozen.typefaces) + len(frozen.pens) if name == "others" else 0
            drawings[before : before + len(held)] = held.ids
        asked[name] = _put_together(name, pictures.images(name), labels, given, drawings)
    digits = learned.digits
    given = [likeliest(read(pipeline, digits.images), digits.labels) for pipeline in pipelines]
    asked["learned"] = _put_together("learned", digits.images, digits.labels, given, learned.ids)
    return Contrast(*rows, {name: one for name, one in asked.items() if one.counts.n})


def _put_together(
    name: str,
    images: Digits,
    labels: NDArray[np.uint8],
    given: list[Any],
    drawings: NDArray[np.object_],
) -> Asked:
    first, second = (np.asarray(answers, np.uint8) for answers in given)
    right = [is_right(name, labels, answers) for answers in (first, second)]
    differ = right[0] != right[1]
    parts = (part[differ] for part in (images, labels, first, second, drawings))
    return Asked(name, compare(*right), *parts)


def as_content(contrast: Contrast) -> dict[str, Any]:
    """Return what is stored of a comparison, as plain values for JSON; of drawings, their ids."""
    return {
        name: {
            "counts": asdict(asked.counts),
            "images": [
                base64.b64encode(image.tobytes()).decode() if drawing is None else None
                for image, drawing in zip(asked.images, asked.drawings, strict=True)
            ],
            "drawings": [drawing and str(drawing) for drawing in asked.drawings],
            "answers": [part.tolist() for part in (asked.labels, asked.first, asked.second)],
        }
        for name, asked in contrast.asked.items()
    }


def from_content(
    rows: tuple[TrainedModel, TrainedModel], content: dict[str, Any], *, with_drawings: bool
) -> Contrast:
    ids = {id for stored in content.values() for id in stored["drawings"] if id}
    pixels = read_pixels(ids) if with_drawings else {}
    asked = {}
    for name, stored in by_holdout(content):
        pictures = [
            pixels.get(id) if id else base64.b64decode(image)
            for id, image in zip(stored["drawings"], stored["images"], strict=True)
        ]
        there = [place for place, picture in enumerate(pictures) if picture]
        images = np.frombuffer(b"".join(filter(None, pictures)), np.uint8).reshape(-1, 28, 28)
        labels, *given = (np.array(part, np.uint8)[there] for part in stored["answers"])
        drawings = np.array(stored["drawings"], object)[there]
        counts = Comparison(**stored["counts"])
        asked[name] = Asked(name, counts, images, labels, given[0], given[1], drawings)
    return Contrast(*rows, asked)


def _digit(answer: np.uint8) -> int | None:
    return None if answer == NOT_A_DIGIT else int(answer)


@functools.lru_cache(maxsize=1)
def _frozen_holdouts(tmnist: Path, letters: Path) -> Holdouts:
    """Make the holdouts that never change; it takes seconds, once in each process."""
    return holdouts.load_holdouts(tmnist, letters)


@functools.lru_cache(maxsize=4)
def _frozen_answers(sha256: str, artifact: str, tmnist: Path, letters: Path) -> Answers:
    """Ask a version about them, once for all pages of one comparison."""
    pipeline = load_pipeline(TrainedModel(sha256=sha256, artifact=artifact))
    return ask(pipeline, _frozen_holdouts(tmnist, letters))


def _read_corrections(rows: Sequence[TrainedModel]) -> tuple[StoredDigits, StoredDigits]:
    """Read the newest corrections: those that neither version has learned, and others."""
    newest = read_newest_corrections(NEWEST)
    measures = is_held_out(newest.digits.groups)
    for row in rows:
        measures &= is_new_to(row.data, newest.digits)
    return newest.select(measures), newest.select(np.flatnonzero(~measures)[:LEARNED])
