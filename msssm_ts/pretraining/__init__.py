"""What a network can know before it has seen a label, or a series."""
