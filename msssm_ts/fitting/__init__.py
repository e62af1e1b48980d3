"""From data and parameters to a fitted model: split, members, weights, refit."""

from msssm_ts.fitting.checkpoint import Checkpoint

__all__ = ["Checkpoint"]
