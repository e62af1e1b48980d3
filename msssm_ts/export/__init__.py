"""A trained model as a file for other programs: ONNX, torch.export, safetensors, C.

An exported file is one function from ``x``, float32 (batch, channels, length) in the units of the
training series, to ``probabilities`` (batch, classes). Batch and length are free; series of
different lengths are padded with NaN at the end.
"""

from msssm_ts.export.benchmark import median_milliseconds
from msssm_ts.export.boundary import Boundary, find_boundary
from msssm_ts.export.export import export_model, open_export
from msssm_ts.export.made_up import made_up_noise, made_up_series
from msssm_ts.export.naming import FORMATS, format_of
from msssm_ts.export.parity import Predict, Source, native_proba
from msssm_ts.export.report import ExportReport, SourceReport

__all__ = [
    "FORMATS",
    "Boundary",
    "ExportReport",
    "Predict",
    "Source",
    "SourceReport",
    "export_model",
    "find_boundary",
    "format_of",
    "made_up_noise",
    "made_up_series",
    "median_milliseconds",
    "native_proba",
    "open_export",
]
