"""Labeled digits in Parquet: what a file unpacks to, measured first, and its rows as drawings."""
