"""Anything that somebody drew or sent -> ink -> one canonical digit of 28x28 pixels."""
