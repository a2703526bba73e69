"""The REST API: its operations, what they take and answer, and their description."""
