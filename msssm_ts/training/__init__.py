"""Training: loop, schedule, batches. Knows nothing of files or terminals."""

from msssm_ts.training.batches import SeriesTensor
from msssm_ts.training.loop import (
    LabelledTensor,
    Trainer,
    TrainingSettings,
    predict_embeddings,
    predict_logits,
)
from msssm_ts.training.loss import ClassificationLoss
from msssm_ts.training.progress import Callback, History, Progress

__all__ = [
    "Callback",
    "ClassificationLoss",
    "History",
    "LabelledTensor",
    "Progress",
    "SeriesTensor",
    "Trainer",
    "TrainingSettings",
    "predict_embeddings",
    "predict_logits",
]
