"""A closer look at trained models: scores, mistakes and differences; memory, bands, saliency."""
