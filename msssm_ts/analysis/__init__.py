"""What a trained network does: memory, bands, and what it makes of a series."""
