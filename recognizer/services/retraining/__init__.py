"""From stored corrections to a new version: what is learned, the run, and when it begins."""
