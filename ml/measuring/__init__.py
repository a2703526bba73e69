"""How good a model is on digits that it never learned, and whether two differ beyond chance."""
