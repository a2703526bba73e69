"""From stored corrections to a new version: material, run, schedule."""
