"""Training: loop, schedule, batches. Knows nothing of files or terminals."""

from msssm_ts.training.batches import SeriesTensor
from msssm_ts.training.loop import Trainer, TrainingSettings, predict_logits
from msssm_ts.training.progress import Callback, History, Progress

__all__ = [
    "Callback",
    "History",
    "Progress",
    "SeriesTensor",
    "Trainer",
    "TrainingSettings",
    "predict_logits",
]
