"""How well dilated shapelets fit series: best fit, how often it is good."""

from msssm_ts.kernels.shapelets.cpu import GROUP, TAPS
from msssm_ts.kernels.shapelets.op import N_POOLS, shapelet_features

__all__ = ["GROUP", "N_POOLS", "TAPS", "shapelet_features"]
