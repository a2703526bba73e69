"""Versions of the model: which one answers, their files, how good they are and which is better."""
