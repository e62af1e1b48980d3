"""MFER files (ISO 22077)."""
