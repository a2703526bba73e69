"""The original's recipe as a small app of our own, to be measured beside this project.

What it does for each request is what the demo did that this project grew from: it loads a pickled
perceptron of 500 units, brings the picture to 28x28 pixels by Pillow's resize, and asks the
perceptron by way of a DataFrame. `python -m benchmarks.original FILE` makes the pickle.
"""

from __future__ import annotations

import base64
import io
import os
import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from flask import Flask, Response, jsonify, request
from PIL import Image
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

COLUMNS = [str(number) for number in range(1, 785)]

app = Flask(__name__)


@app.post("/predict")
def predict() -> Response:
    """Read one picture."""
    picture = base64.b64decode(request.get_json()["image"].partition(",")[2])
    small = Image.open(io.BytesIO(picture)).convert("L").resize((28, 28))
    pixels = 255 - np.asarray(small).reshape(1, -1)
    with Path(os.environ["ORIGINAL_MODEL"]).open("rb") as file:
        model = pickle.load(file)
    digit = model.predict(pd.DataFrame(pixels, columns=COLUMNS))[0]
    return jsonify({"predictedValue": str(digit)})


def make_pickle(path: Path) -> None:
    """Fit the perceptron; speed asks for its size only, so a few passes are enough."""
    project = Path(__file__).resolve().parent.parent
    faces = pd.read_csv(project / "fixtures" / "tmnist.csv.gz")
    model = MLPClassifier((500,), max_iter=3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(faces[COLUMNS], faces["labels"])
    path.write_bytes(pickle.dumps(model))


if __name__ == "__main__":
    make_pickle(Path(sys.argv[1]))
