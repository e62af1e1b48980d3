"""Labelled series, the way people have them on disk."""

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.load import load
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.frame import from_frame

__all__ = ["LabelledSeries", "ReadOptions", "from_frame", "load"]
