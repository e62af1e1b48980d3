"""Training: loop, schedule, batches. Knows nothing of files or terminals."""

from msssm_ts.training.augmentation import Augmentation
from msssm_ts.training.batches import SeriesTensor
from msssm_ts.training.keeping import Keeper, Kept
from msssm_ts.training.loop import Trainer
from msssm_ts.training.loss import ClassificationLoss
from msssm_ts.training.prediction import predict_embeddings, predict_logits
from msssm_ts.training.progress import Callback, History, Progress, Reporter
from msssm_ts.training.settings import LabelledTensor, TrainingSettings
from msssm_ts.training.streaming import StreamedSeries, reading_workers

__all__ = [
    "Augmentation",
    "Callback",
    "ClassificationLoss",
    "History",
    "Keeper",
    "Kept",
    "LabelledTensor",
    "Progress",
    "Reporter",
    "SeriesTensor",
    "StreamedSeries",
    "Trainer",
    "TrainingSettings",
    "predict_embeddings",
    "predict_logits",
    "reading_workers",
]
