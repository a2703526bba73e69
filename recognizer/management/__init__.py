"""What people run: one command a module, each an adapter of a service."""
