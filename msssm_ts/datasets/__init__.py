"""Labelled series, the way people have them on disk."""

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.frame import from_frame
from msssm_ts.datasets.load import load
from msssm_ts.datasets.options import ReadOptions

__all__ = ["LabelledSeries", "ReadOptions", "from_frame", "load"]
