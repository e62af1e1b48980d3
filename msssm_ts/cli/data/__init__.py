"""Data sets: described, checked, drawn, fetched, rewritten."""
