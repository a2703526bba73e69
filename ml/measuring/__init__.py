"""How good a model is, and whether it is better than another one by more than chance.

`evaluation` counts right answers, `holdouts` are what every model is measured on, `significance`
compares two models, `shares` has the statistics of counts, and `plots` draws.
"""
