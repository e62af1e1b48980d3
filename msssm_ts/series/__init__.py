"""Series: arrays (n_channels, length), in memory or decoded when they are asked for."""

from msssm_ts.series.lazy import LazySeries, Series, lengths_of, take
from msssm_ts.series.prepared import Prepared
from msssm_ts.series.standardizer import Standardizer

__all__ = ["LazySeries", "Prepared", "Series", "Standardizer", "lengths_of", "take"]
