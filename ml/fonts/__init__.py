"""Fonts become the data sets of typefaces and letters; used to build these, never by the site.

`catalog` finds and describes font files, `rendering` draws their characters, `screening` leaves out
what is not a digit, `tmnist` writes the file; `typefaces` and `letters` build a data set each.
"""
