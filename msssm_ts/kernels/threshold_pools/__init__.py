"""How streams lie above thresholds, pooled over time."""

from msssm_ts.kernels.threshold_pools.op import threshold_pools
from msssm_ts.kernels.threshold_pools.reference import N_POOLS

__all__ = ["N_POOLS", "threshold_pools"]
