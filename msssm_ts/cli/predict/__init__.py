"""Answers about new series, a row each."""
