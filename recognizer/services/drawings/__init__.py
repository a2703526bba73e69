"""Drawings: read and kept, answered for, reviewed, explained, counted, brought in and taken out."""
