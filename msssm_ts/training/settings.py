"""How a network is trained, and on what."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from msssm_ts.training.batches import SeriesTensor


@dataclass(frozen=True)
class TrainingSettings:
    """How to train.

    Parameters
    ----------
    max_epochs, batch_size : int
        Length of the run.
    learning_rate, ssm_learning_rate, weight_decay : float
        Peak rates of AdamW.
    patience : int or None
        Epochs without a better validation loss before training stops; None: never.
    clip_norm : float
        Largest norm of a step's gradient.
    max_seconds : float or None
        Time for the whole run; the schedule is shortened to what the first steps say will fit.
    """

    max_epochs: int
    batch_size: int
    learning_rate: float
    ssm_learning_rate: float
    weight_decay: float
    patience: int | None = None
    clip_norm: float = 1.0
    max_seconds: float | None = None


@dataclass(frozen=True)
class LabelledTensor:
    """Series with what to learn about them.

    Parameters
    ----------
    series : SeriesTensor
        The series.
    targets : integer Tensor of shape (n_series,) or float Tensor of shape (n_series, n_labels)
        Class indices, or 0 and 1 for several labels at once.
    weights : Tensor of shape (n_series,), optional
        Weights in the loss.
    """

    series: SeriesTensor
    targets: Tensor
    weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.targets)
