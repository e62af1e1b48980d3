"""Finding and labelling heart beats in records that nobody has annotated."""
