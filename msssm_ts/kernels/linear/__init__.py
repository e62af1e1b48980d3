"""Linear layers of many rows, and products of wide matrices, which ridge regression takes."""

from msssm_ts.kernels.linear.gram import lower_gram
from msssm_ts.kernels.linear.op import linear
from msssm_ts.kernels.linear.rows import product_by_rows

__all__ = ["linear", "lower_gram", "product_by_rows"]
