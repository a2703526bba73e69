"""The recipe of the demo that this project grew from: a perceptron of 500 units on raw pixels.

As an app it does for each request what the demo did: load the pickled perceptron, bring the picture
to 28x28 pixels by Pillow's resize, and ask by way of a DataFrame.
"""

from __future__ import annotations

import base64
import io
import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from flask import Flask, Response, jsonify, request
from numpy.typing import NDArray
from PIL import Image
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from ml.labeled.digits import LabeledDigits

COLUMNS = [str(number) for number in range(1, 785)]

app = Flask(__name__)


@app.post("/predict")
def predict() -> Response:
    picture = base64.b64decode(request.get_json()["image"].partition(",")[2])
    small = Image.open(io.BytesIO(picture)).convert("L").resize((28, 28))
    pixels = 255 - np.asarray(small).reshape(1, -1)
    with Path(os.environ["ORIGINAL_MODEL"]).open("rb") as file:
        model = pickle.load(file)
    digit = model.predict(pd.DataFrame(pixels, columns=COLUMNS))[0]
    return jsonify({"predictedValue": str(digit)})


def write_pickle(typefaces: Path, path: Path) -> None:
    """Write what the app loads. Few digits are enough: its speed depends on its size alone."""
    faces = pd.read_csv(typefaces, nrows=2_000)
    path.write_bytes(pickle.dumps(_fit(faces[COLUMNS], faces["labels"], passes=1)))


def fit(digits: LabeledDigits) -> MLPClassifier:
    """Fit the perceptron on digits as they are."""
    return _fit(_rows(digits), digits.labels, passes=20)


def accuracy(model: MLPClassifier, digits: LabeledDigits) -> float:
    """Return the share of digits that the perceptron reads right."""
    return float(model.score(_rows(digits), digits.labels))


def _fit(rows: Any, labels: Any, passes: int) -> MLPClassifier:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return MLPClassifier((500,), max_iter=passes, random_state=0).fit(rows, labels)


def _rows(digits: LabeledDigits) -> NDArray[np.float32]:
    return digits.images.reshape(len(digits), -1).astype(np.float32) / np.float32(255)
