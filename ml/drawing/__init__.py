"""What somebody drew or sent becomes one canonical digit of 28x28 pixels.

`pictures` decodes an encoded picture, `ink` finds what was drawn on plain paper, `photos` on any
other, and `pieces` chooses the digit among what is there; `strokes` draws what a pad recorded, and
`canonical` brings the ink to the form that the model reads; `batches` does all of it for many small
pictures at once. `raster` holds the arithmetic that they share, and `paper` makes photographs for
tests and benchmarks.
"""
