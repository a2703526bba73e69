"""Drawings: read, stored, answered, reviewed, explained, counted, imported and exported."""
