"""Ten labeled digits in Parquet, as it circulates, made for the tests."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ml.drawing.pictures import encode_png
from ml.tests.kit.labeled import digit_pixels

IMAGES = np.stack([digit_pixels(label) for label in range(10)])
PIXELS = [f"pixel{n}" for n in range(784)]
PICTURES = [encode_png(image) for image in IMAGES]
LABELS = list(range(10))


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    """Write columns as one table."""
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, **options)
    return buffer.getvalue()


def framed(frame: pd.DataFrame, **options: Any) -> bytes:
    """Write a frame as pandas does, with its index and what it says of itself."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, **options)
    return buffer.getvalue()


def frame_of(pixels: Any = IMAGES, names: list[str] = PIXELS) -> pd.DataFrame:
    return pd.DataFrame(np.reshape(pixels, (10, 784)), columns=names)


def hugging_face(**more: Any) -> bytes:
    """Write pictures and labels in the form of Hugging Face's data sets."""
    images = [{"bytes": png, "path": f"{n}.png"} for n, png in enumerate(PICTURES)]
    return parquet({"image": images, "label": LABELS, **more})


def listed() -> bytes:
    """Write the pixels of each digit as one list."""
    return parquet({"image": IMAGES.reshape(10, 784).tolist(), "label": LABELS})


def labeled_frame(pixels: Any = IMAGES) -> bytes:
    """Write a column for each pixel and the label behind them."""
    return framed(frame_of(pixels).assign(label=LABELS))
