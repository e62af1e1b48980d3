"""Fitting a model, and where it is put."""
