"""Base data and corrections become a measured model, here or on a cluster.

`train` does it from the `material`, reporting `progress`; `label_check` finds corrections whose
labels the others contradict, and `cluster` moves the work to other machines.
"""
