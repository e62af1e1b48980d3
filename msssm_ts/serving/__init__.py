"""A fitted model behind HTTP: ``msssm-ts serve``."""
