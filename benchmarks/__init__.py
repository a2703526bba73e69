"""Measurements that somebody starts by hand; docs/benchmarks.md has their figures."""
