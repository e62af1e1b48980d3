"""Inside a network: memory, bands, saliency, mixing, cost."""
