"""The commands of manage.py, each an adapter of a service."""
