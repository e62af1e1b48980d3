"""A fitted model as a value: what it answers, its file, and what else follows from it."""

from msssm_ts.fitted.artifact import read_header
from msssm_ts.fitted.coverage import Coverage
from msssm_ts.fitted.decision import LogPriors, OperatingPoint
from msssm_ts.fitted.encoder import EncoderRecord, FittedEncoder
from msssm_ts.fitted.encoder_file import load_encoder, save_encoder
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitted.model_file import load_model, save_model
from msssm_ts.fitted.parts import FitRecord, Labels, Source
from msssm_ts.fitted.vote import Vote

__all__ = [
    "Coverage",
    "EncoderRecord",
    "FitRecord",
    "FittedEncoder",
    "FittedModel",
    "Labels",
    "LogPriors",
    "OperatingPoint",
    "Source",
    "Vote",
    "load_encoder",
    "load_model",
    "read_header",
    "save_encoder",
    "save_model",
]
