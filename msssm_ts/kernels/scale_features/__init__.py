"""Random multi-scale features: wavelet bands, thresholds, state-space streams, pooled."""

from msssm_ts.kernels.scale_features.cpu import TAPS
from msssm_ts.kernels.scale_features.op import N_GROUPS, N_RIVALS, SPAN, bands, scale_features

__all__ = ["N_GROUPS", "N_RIVALS", "SPAN", "TAPS", "bands", "scale_features"]
