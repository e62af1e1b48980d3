"""What commands are given: options, data, models."""
