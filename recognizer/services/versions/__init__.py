"""Versions of the model: the active one, files, quality, comparison."""
