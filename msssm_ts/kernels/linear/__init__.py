"""Linear layers of many rows, and products of wide ones with few columns."""

from msssm_ts.kernels.linear.op import linear
from msssm_ts.kernels.linear.rows import product_by_rows

__all__ = ["linear", "product_by_rows"]
