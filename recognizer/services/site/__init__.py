"""The site itself: backups, API keys, and how much each caller may ask."""
