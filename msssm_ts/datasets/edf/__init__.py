"""EDF and BDF recordings."""
