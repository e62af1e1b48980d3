"""Scores on labelled series."""
