"""Reads digits, and learns to; knows nothing of the web.

The reader itself: `features`, `pipeline`, `explanation`, and `artifacts`, the files of models.
`drawing` turns anything that was sent into one canonical digit. `labeled` reads the files that
hold labeled digits. `writing` makes digits, and what is none. `fonts` makes data sets of fonts.
`measuring` says how good a model is. `training` makes a model.

>>> model, manifest = artifacts.load(Path("fixtures/model.joblib"))
>>> digit = canonical_digit(ink_from_image(png))
>>> predict(model, digit[None])[0].digit
7
"""
