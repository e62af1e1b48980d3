"""What a model has learned, drawn and in numbers."""
