"""A search for settings."""
