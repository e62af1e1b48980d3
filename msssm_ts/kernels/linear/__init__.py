"""Linear layers of many rows."""

from msssm_ts.kernels.linear.op import linear

__all__ = ["linear"]
