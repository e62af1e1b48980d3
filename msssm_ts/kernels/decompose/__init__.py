"""Causal à-trous filter bank."""

from msssm_ts.kernels.decompose.op import decompose
from msssm_ts.kernels.decompose.reference import decompose_reference

__all__ = ["decompose", "decompose_reference"]
