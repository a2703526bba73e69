"""Reads digits and learns to; knows nothing of the web.

`drawing` turns what somebody drew or sent into one canonical digit. `labeled` reads files of
labeled digits. `writing` makes digits, letters and scribbles to train on. `fonts` makes data sets
from fonts. `measuring` measures how good a model is, and compares two. `training` makes a model.

The reader itself stands beside them: `features`, `discriminant` and `pipeline` are the model,
`explanation` shows what happens inside, `artifacts` are its files.

>>> model, manifest = artifacts.load(Path("fixtures/model.joblib"))
>>> digit = canonical_digit(ink_from_image(png))
>>> predict(model, digit[None])[0].digit
7
"""
