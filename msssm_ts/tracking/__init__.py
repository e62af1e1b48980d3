"""Fits written down in TensorBoard, MLflow or Weights & Biases while they go on."""

from msssm_ts.tracking.kinds import LOGS
from msssm_ts.tracking.log import Log
from msssm_ts.tracking.tracker import Tracker

__all__ = ["LOGS", "Log", "Tracker"]
