"""Recordings as MATLAB files without headers, one a file."""
