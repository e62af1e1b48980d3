"""Smoothing series and keeping every second step."""

from msssm_ts.kernels.decimate.op import decimate
from msssm_ts.kernels.decimate.reference import N_TAPS, decimation_taps

__all__ = ["N_TAPS", "decimate", "decimation_taps"]
