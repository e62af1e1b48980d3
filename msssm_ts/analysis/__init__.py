"""A closer look at trained models: how sure a score is, where a model errs, how models differ."""
