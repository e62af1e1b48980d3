"""Recordings as .npy files, one a file."""
