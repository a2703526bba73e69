"""How well a model reads digits that it was never trained on.

python -m benchmarks.accuracy [--model FILE | --original | --seeds N] [--tablet STROKES.json.gz]

Without an option it is the bundled model. --original trains the original demo's recipe on the
typefaces; --seeds trains N models as the bundle is trained, and adds their mean and deviation.
"""

from __future__ import annotations

import statistics
from pathlib import Path

from sklearn.pipeline import Pipeline

from benchmarks import kit, original
from ml import artifacts
from ml.labeled.digits import LabeledDigits, as_presented, load_labeled, load_tmnist, split_by_group
from ml.measuring.evaluation import evaluate
from ml.training.material import TrainingOptions
from ml.training.train import train


def print_model(name: str, model: Pipeline, sets: dict[str, LabeledDigits]) -> list[float]:
    """Print accuracy and calibration error on every set; return the accuracies."""
    reports = [evaluate(model, digits) for digits in sets.values()]
    cells = [f"{report.accuracy:.2%}, {report.calibration_error:.4f}" for report in reports]
    kit.print_row(name, *cells)
    return [report.accuracy for report in reports]


def main() -> None:
    parser = kit.new_parser(__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", type=Path, default=kit.BUNDLE)
    which.add_argument("--original", action="store_true")
    which.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--pens", type=int, default=TrainingOptions().pen_samples)
    parser.add_argument("--tablet", type=Path)
    arguments = parser.parse_args()
    faces = load_tmnist(kit.TYPEFACES)
    learned, kept_aside = split_by_group(faces)
    sets = {"MNIST": kit.mnist_sample(), "small digits": kit.small_digits()}
    if arguments.tablet:
        sets["tablet"] = load_labeled(arguments.tablet)
    sets["typefaces kept aside"] = as_presented(kept_aside)
    kit.print_head("right, calibration error", *sets)
    if arguments.original:
        model = original.fit(learned)
        kit.print_row(
            "original", *[f"{original.accuracy(model, each):.2%}" for each in sets.values()]
        )
    elif arguments.seeds:
        rows = []
        for seed in range(arguments.first, arguments.first + arguments.seeds):
            options = TrainingOptions(seed=seed, pen_samples=arguments.pens)
            trained = train(
                faces,
                kit.NO_CORRECTIONS,
                options,
                letters=kit.LETTERS,
                handwritten=kit.HANDWRITTEN,
            )
            rows.append(print_model(f"seed {seed}, {trained.seconds:.0f} s", trained.model, sets))
        columns = list(zip(*rows, strict=True))
        kit.print_row("mean", *[f"{statistics.mean(column):.2%}" for column in columns])
        if len(rows) > 1:
            spreads = [100 * statistics.stdev(column) for column in columns]
            kit.print_row("standard deviation", *[f"{spread:.2f} points" for spread in spreads])
    else:
        print_model(arguments.model.name, artifacts.load(arguments.model)[0], sets)


if __name__ == "__main__":
    main()
