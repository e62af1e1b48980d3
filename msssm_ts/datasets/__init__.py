"""Labelled series, the way people have them on disk."""

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.load import load

__all__ = ["LabelledSeries", "load"]
