"""The ways in which people write digits: a module for each digit, made to be edited.

`notation` says how a way is written down, and `table` holds all of them.
"""
