"""A model card: what a run or a model file records, for a reader, a model hub and a paper."""
