"""Which channels and which times a model's answers hang on, over a whole set of series."""
