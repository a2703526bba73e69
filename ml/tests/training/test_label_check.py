"""Wrong labels are found, and new ways of writing are not mistaken for them."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ml import artifacts
from ml.drawing.canonical import Digits, canonical_digit
from ml.drawing.strokes import ink_from_strokes
from ml.labeled.digits import LabeledDigits
from ml.pipeline import NOT_A_DIGIT
from ml.training import label_check
from ml.training.label_check import CHECKED_FROM, SEVERAL, LabelCheck, check_labels
from ml.writing.non_digits import make_others, write_scribbles
from ml.writing.pen import write_digits
from ml.writing.variants.table import VARIANTS

# The fixtures of the module learn all pens; what the tests check themselves needs but a fourth.
pytestmark = pytest.mark.usefixtures("small_backdrop")
BUNDLE = Path(__file__).resolve().parents[3] / "fixtures" / "model.joblib"

FLIPPED = np.arange(300) % 5 == 0
"""Which of the honest labels are made wrong, where each fifth is."""


@pytest.fixture(scope="module")
def bundle() -> Pipeline:
    """Load the model that comes with the project."""
    return artifacts.load(BUNDLE)[0]


@pytest.fixture(scope="module")
def honest() -> LabeledDigits:
    """Write 300 digits, by 15 hands."""
    images, labels = write_digits(300, seed=11)
    return LabeledDigits(images, labels, np.array([f"hand {index // 20}" for index in range(300)]))


def arabic_eights(count: int, hands: int = 1) -> LabeledDigits:
    """Draw eights as they are written in Arabic, which look like a roof."""
    rng = np.random.default_rng(5)
    roof = np.array([(60, 220), (100, 140), (140, 60), (180, 140), (220, 220)])
    images = [
        canonical_digit(ink_from_strokes([(roof + rng.normal(0, 6, roof.shape)).tolist()]))
        for _ in range(count)
    ]
    groups = np.array([f"other hand {index % hands}" for index in range(count)])
    return LabeledDigits(np.stack(images), np.full(count, 8, np.uint8), groups)


def vandalism(digits: LabeledDigits, count: int) -> LabeledDigits:
    """Labels of one hand that are all one too high."""
    chosen = digits.select(np.arange(count))
    wrong = ((chosen.labels + 1) % 10).astype(np.uint8)
    return LabeledDigits(chosen.images, wrong, np.array(["vandal"] * count))


def check(
    bundle: Pipeline, *parts: LabeledDigits, approved: NDArray[np.bool_] | None = None
) -> LabelCheck:
    """Check digits together; by default, none is approved."""
    digits = LabeledDigits.concatenate(parts)
    return check_labels(
        bundle, digits, np.zeros(len(digits), bool) if approved is None else approved
    )


def rescaled(model: Pipeline, *, hidden: float = 1.0, scores: float = 1.0) -> Pipeline:
    """Copy a model, its hidden layer so many times as long, its answers softer where scores < 1."""
    other = copy.deepcopy(model)
    first, last = other[-1].coefs_
    of_hidden, of_scores = other[-1].intercepts_
    other[-1].coefs_ = [first * hidden, last * (scores / hidden)]
    other[-1].intercepts_ = [of_hidden * hidden, of_scores * scores]
    return other


@pytest.fixture
def small_backdrop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Learn a fourth of the pens."""
    whole = label_check._backdrop

    def some(has_others: bool, jobs: int) -> tuple[Digits, NDArray[np.uint8]]:
        pens, labels = whole(has_others, jobs)
        return pens[::4], labels[::4]

    monkeypatch.setattr(label_check, "_backdrop", some)


@pytest.fixture(scope="module")
def found_in_honest(bundle: Pipeline, honest: LabeledDigits) -> LabelCheck:
    """Check the honest labels alone, once for all tests."""
    return check_labels(bundle, honest, np.zeros(len(honest), bool))


@pytest.fixture(scope="module")
def found_in_flipped(bundle: Pipeline, honest: LabeledDigits) -> LabelCheck:
    """Check labels of which each fifth is wrong."""
    labels = np.where(FLIPPED, (honest.labels + 3) % 10, honest.labels).astype(np.uint8)
    return check(bundle, LabeledDigits(honest.images, labels, honest.groups))


def test_honest_labels_are_not_suspicious(found_in_honest: LabelCheck) -> None:
    assert found_in_honest.suspicious.sum() <= 6


def test_labels_flipped_at_random_are_found(
    honest: LabeledDigits, found_in_flipped: LabelCheck
) -> None:
    wrong, found = FLIPPED, found_in_flipped
    left_out = found.suspicious | found.waiting
    assert left_out[wrong].mean() > 0.8
    assert left_out[~wrong].sum() <= 6
    right = found.digits[left_out & wrong] == honest.labels[left_out & wrong]
    assert right.mean() > 0.9
    assert ((found.shares > 0) & (found.shares <= 1)).all()


def test_a_hand_with_mostly_wrong_labels_does_not_support_its_own(
    bundle: Pipeline, honest: LabeledDigits
) -> None:
    found = check(bundle, honest, vandalism(honest, 60))
    assert (found.suspicious | found.waiting)[300:].mean() > 0.75
    assert (found.suspicious | found.waiting)[:300].sum() <= 6


def test_digits_called_none_are_found_and_scribbles_called_none_are_not(
    bundle: Pipeline, honest: LabeledDigits
) -> None:
    others = make_others(None, 40, seed=3)
    none = np.full(40, NOT_A_DIGIT, np.uint8)
    scribbles = LabeledDigits(others, none, np.array([f"hand {n % 15}" for n in range(40)]))
    wrong = LabeledDigits(honest.images[:40], none, np.array([f"lazy {n}" for n in range(40)]))
    found = check(bundle, honest, scribbles, wrong)
    left_out = found.suspicious | found.waiting
    assert left_out[300:340].sum() <= 4
    assert left_out[340:].mean() > 0.75
    assert (found.digits[340:] == honest.labels[:40]).mean() > 0.8


@pytest.mark.parametrize("usual", [0, 60])
def test_a_person_alone_on_a_site_who_corrects_a_new_style_a_few_times_is_believed(
    bundle: Pipeline, honest: LabeledDigits, usual: int
) -> None:
    own = honest.select(np.arange(usual))
    own = LabeledDigits(own.images, own.labels, np.array(["other hand 0"] * usual, np.str_))
    found = check(bundle, own, arabic_eights(SEVERAL - 1))
    assert not (found.suspicious | found.waiting)[usual:].any()


@pytest.mark.parametrize("hands", [1, 4, 20])
def test_a_new_style_that_several_labels_agree_in_waits_for_a_reviewer(
    bundle: Pipeline, honest: LabeledDigits, hands: int
) -> None:
    found = check(bundle, honest, arabic_eights(20, hands=hands))
    assert found.waiting[300:].all()
    assert not found.suspicious[300:].any()
    assert (found.waiting | found.suspicious)[:300].sum() <= 6


def test_what_a_reviewer_has_approved_does_not_wait_again(
    bundle: Pipeline, honest: LabeledDigits
) -> None:
    approved = np.arange(330) >= 320
    found = check(bundle, honest, arabic_eights(30, hands=30), approved=approved)
    assert not (found.waiting | found.suspicious)[300:].any()


def of_strangers(images: Digits, label: int) -> LabeledDigits:
    """Label pictures, each by a hand of its own."""
    hands = np.array([f"stranger {index}" for index in range(len(images))])
    return LabeledDigits(images, np.full(len(images), label, np.uint8), hands)


def sevens(count: int, *, crossed: bool) -> Digits:
    """Write sevens with a crossbar, or without."""
    chosen = tuple(one for one in VARIANTS if one.digit == 7 and ("cross" in one.name) == crossed)
    return write_digits(count, seed=77, variants=chosen)[0]


@pytest.mark.parametrize("hands", ["one each", "one"])
def test_crossed_sevens_called_1_wait_though_nothing_else_is_known(
    bundle: Pipeline, hands: str
) -> None:
    wrong = of_strangers(sevens(45, crossed=True), 1)
    if hands == "one":
        wrong = LabeledDigits(wrong.images, wrong.labels, np.full(45, "stranger"))
    found = check(bundle, wrong, of_strangers(sevens(40, crossed=False), 7))
    assert found.waiting[:45].mean() > 0.9
    assert not found.waiting[45:].any()
    assert (found.digits[:45][found.waiting[:45]] == 7).mean() > 0.9


@pytest.mark.parametrize(
    ("pictures", "label"),
    [("sevens", 1), ("sevens", NOT_A_DIGIT), ("scribbles", 4)],
)
def test_fewer_labels_than_are_checked_wait_if_they_agree(
    bundle: Pipeline, pictures: str, label: int
) -> None:
    images = write_scribbles(40, 7) if pictures == "scribbles" else sevens(40, crossed=False)
    assert check(bundle, of_strangers(images, label)).waiting.mean() > 0.8


def test_one_digit_called_by_many_others_waits(bundle: Pipeline) -> None:
    labels = np.resize([0, 1, 2, 3, 4, 5, 6, 8, 9], 27).astype(np.uint8)
    wrong = of_strangers(sevens(27, crossed=False), 1)
    found = check(bundle, LabeledDigits(wrong.images, labels, wrong.groups))
    assert found.waiting.mean() > 0.6  # a slanted one may well be a 1


def test_a_class_behind_one_router_is_believed(bundle: Pipeline, honest: LabeledDigits) -> None:
    of_one_network = LabeledDigits(honest.images, honest.labels, np.full(300, "network"))
    found = check(bundle, of_one_network)
    assert not found.waiting.any()
    assert found.suspicious.sum() <= 6


def test_a_single_contradiction_is_suspicious_on_a_site_that_is_in_use(
    bundle: Pipeline, honest: LabeledDigits
) -> None:
    assert check(bundle, honest, vandalism(honest, 1)).suspicious[300]


def test_labels_of_unknown_hands_do_not_support_each_other(
    bundle: Pipeline, honest: LabeledDigits
) -> None:
    style = arabic_eights(SEVERAL - 1)
    nobodys = LabeledDigits(style.images, style.labels, np.array([""] * len(style)))
    assert check(bundle, honest, nobodys).suspicious[300:].all()


def test_approved_labels_are_never_suspicious_and_support_others(
    bundle: Pipeline, honest: LabeledDigits
) -> None:
    style = arabic_eights(30)
    nobodys = LabeledDigits(style.images, style.labels, np.array([""] * 30))
    approved = np.arange(330) >= 310
    found = check(bundle, honest, nobodys, approved=approved)
    assert not found.suspicious[300:].any()


@pytest.fixture(scope="module")
def found_in_approved(bundle: Pipeline, honest: LabeledDigits) -> LabelCheck:
    """Check approved labels, the last 40 of which are wrong; half of those are settled."""
    digits = LabeledDigits.concatenate([honest, vandalism(honest, 40)])
    return check_labels(bundle, digits, np.ones(340, bool), settled=np.arange(340) >= 320)


def test_an_approved_label_that_all_contradict_is_doubted_unless_it_is_settled(
    bundle: Pipeline, honest: LabeledDigits, found_in_approved: LabelCheck
) -> None:
    digits = LabeledDigits.concatenate([honest, vandalism(honest, 40)])
    approved = np.ones(340, bool)
    found = found_in_approved
    assert found.doubted[300:320].mean() >= 0.75
    assert not found.doubted[320:].any()
    assert found.doubted[:300].sum() <= 2
    assert not (found.suspicious | found.waiting).any()
    assert not check(bundle, digits, approved=approved).doubted.any()


@pytest.mark.parametrize("count", [0, 1, CHECKED_FROM - 1])
def test_few_labels_are_not_checked(bundle: Pipeline, honest: LabeledDigits, count: int) -> None:
    found = check(bundle, vandalism(honest, count))
    assert found.suspicious.shape == (count,)
    assert not found.suspicious.any()  # those that agree wait


def test_more_labels_than_fit_in_memory_are_checked_in_blocks(
    bundle: Pipeline, honest: LabeledDigits, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = vandalism(honest, 40)
    at_once = check(bundle, honest, wrong)
    monkeypatch.setattr(label_check, "AT_ONCE", 110)
    found = check(bundle, honest, wrong)
    assert found.suspicious.shape == found.digits.shape == found.shares.shape == (340,)
    left_out, then = found.suspicious | found.waiting, at_once.suspicious | at_once.waiting
    assert left_out[300:].mean() > 0.75
    assert left_out[:300].sum() <= 6
    assert (left_out == then).mean() > 0.98


def test_how_long_a_models_hidden_layer_is_changes_nothing(
    bundle: Pipeline, honest: LabeledDigits
) -> None:
    some, wrong = honest.select(np.arange(100)), vandalism(honest, 10)
    usual = check(bundle, some, wrong)
    for hidden in (0.2, 5.0):
        other = check(rescaled(bundle, hidden=hidden), some, wrong)
        assert (other.suspicious == usual.suspicious).all()
        assert (other.waiting == usual.waiting).all()
        np.testing.assert_allclose(other.shares, usual.shares, atol=0.05)


def test_a_model_that_is_less_sure_finds_wrong_labels_as_well(
    bundle: Pipeline, honest: LabeledDigits
) -> None:
    unsure = rescaled(bundle, scores=0.6)
    wrong = FLIPPED
    labels = np.where(wrong, (honest.labels + 3) % 10, honest.labels).astype(np.uint8)
    flipped = LabeledDigits(honest.images, labels, honest.groups)
    found = check(unsure, flipped, arabic_eights(20, hands=4))
    left_out = found.suspicious | found.waiting
    assert left_out[:300][wrong].mean() > 0.8
    assert left_out[:300][~wrong].sum() <= 6
    assert found.waiting[300:].all()


def test_of_a_person_alone_on_a_site_many_contradicted_labels_are_not_believed(
    bundle: Pipeline, honest: LabeledDigits
) -> None:
    wrong = np.arange(300) % 10 == 0
    labels = np.where(wrong, (honest.labels + 3) % 10, honest.labels).astype(np.uint8)
    found = check(bundle, LabeledDigits(honest.images, labels, np.full(300, "alone")))
    assert (found.suspicious | found.waiting)[wrong].mean() > 0.7


def test_the_label_check_is_deterministic(bundle: Pipeline, honest: LabeledDigits) -> None:
    some, wrong = honest.select(np.arange(100)), vandalism(honest, 10)
    first, second = check(bundle, some, wrong), check(bundle, some, wrong)
    assert (first.suspicious == second.suspicious).all()
    assert (first.shares == second.shares).all()


def test_the_label_check_does_not_change_the_pictures(
    honest: LabeledDigits, found_in_honest: LabelCheck
) -> None:
    assert (honest.images == write_digits(300, seed=11)[0]).all()
