"""Holter recordings in the ISHNE format."""
