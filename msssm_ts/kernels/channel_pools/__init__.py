"""What a layer says of a series: each of its channels, pooled over the steps."""

from msssm_ts.kernels.channel_pools.op import channel_pools
from msssm_ts.kernels.channel_pools.reference import FEW_POOLS, MOST_POOLS

__all__ = ["FEW_POOLS", "MOST_POOLS", "channel_pools"]
