"""From data and parameters to a fitted model: split, members, weights, refit."""
