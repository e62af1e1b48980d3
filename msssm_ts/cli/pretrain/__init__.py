"""Learning from series without labels."""
