"""The variates of a series, its channels, as an axis of the network beside time."""

from msssm_ts.model.variates.axis import VariateAxis
from msssm_ts.model.variates.layer import VariateLayer
from msssm_ts.model.variates.shapes import axis_shapes, variate_width

__all__ = ["VariateAxis", "VariateLayer", "axis_shapes", "variate_width"]
