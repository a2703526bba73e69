"""Pictures of what augmentation and the synthetic pen make, for docs/images.

python -m benchmarks.contact_sheets
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.labeled.digits import load_tmnist
from ml.writing.augmentation import augment
from ml.writing.pen import PEN, ink_variant
from ml.writing.variants import VARIANTS

PROJECT = Path(__file__).resolve().parent.parent
ZOOM = 2


def save_sheet(rows: list[list[NDArray[np.uint8]]], path: Path) -> None:
    """Save rows of digits, dark on white; short rows are filled with white."""
    longest = max(map(len, rows))
    empty = np.zeros((28, 28), np.uint8)
    lines = [np.hstack(row + [empty] * (longest - len(row))) for row in rows]
    sheet = Image.fromarray(255 - np.vstack(lines))
    sheet.resize((sheet.width * ZOOM, sheet.height * ZOOM), Image.Resampling.NEAREST).save(
        path, optimize=True
    )
    print(f"{path.relative_to(PROJECT)}: {len(rows)} rows, {path.stat().st_size:,} bytes")


def main() -> None:
    """Draw both sheets."""
    rng = np.random.default_rng(4)
    faces = load_tmnist(PROJECT / "fixtures" / "tmnist.csv.gz")
    rows = []
    for digit in range(10):
        chosen = rng.choice(np.flatnonzero(faces.labels == digit), 2)
        row: list[NDArray[np.uint8]] = []
        for index in chosen.tolist():
            face = faces.images[index : index + 1]
            row += [face[0], *augment(face, 9, seed=int(index))]
        rows.append(row)
    save_sheet(rows, PROJECT / "docs" / "images" / "augmentation.png")
    rows = []
    for digit in range(10):
        written: list[NDArray[np.uint8]] = []
        for variant in VARIANTS:
            if variant.digit == digit:
                written += list(ink_variant(variant, 2, rng, PEN))
        rows.append(written)
    save_sheet(rows, PROJECT / "docs" / "images" / "pen.png")


if __name__ == "__main__":
    main()
