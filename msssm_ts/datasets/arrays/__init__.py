"""Arrays with names: NumPy and MATLAB files."""
