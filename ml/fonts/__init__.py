"""Fonts -> the data sets of typefaces and letters; used when these are built, never by the site."""
