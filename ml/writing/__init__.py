"""Digits, letters and scribbles that the project makes itself, to train and measure on.

`pen` writes the digits of `variants` and the `scribbles` by many hands, `non_digits` makes what the
model learns to refuse, and `augmentation` changes digits, by way of their `skeleton` or their rim;
`scanning` is how both are taken.
"""
