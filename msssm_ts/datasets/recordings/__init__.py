"""What recordings of every kind share: tables beside them, parts, groups."""
