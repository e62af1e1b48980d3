"""What training minimises, for one label a series or several."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class ClassificationLoss:
    """Cross-entropy of the classes, or with several labels the binary one of each.

    Parameters
    ----------
    label_smoothing : float
        Mass taken from the true class; with several labels, from each answer.
    positive_weight : Tensor of shape (n_labels,), optional
        With several labels: weight of each label's presence against its absence.
    """

    label_smoothing: float = 0.0
    positive_weight: Tensor | None = None

    def __call__(self, logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        """Mean over the series, each weighted.

        Parameters
        ----------
        logits : Tensor of shape (b, n_outputs)
            The network's.
        targets : integer Tensor of shape (b,) or float Tensor of shape (b, n_labels)
            Class indices, or 0 and 1.
        weights : Tensor of shape (b,), optional
            Weight k counts like k copies; their mean over the training set should be 1.

        Examples
        --------
        >>> import torch
        >>> loss = ClassificationLoss()
        >>> loss(torch.zeros(3, 2), torch.tensor([0, 1, 1]))
        tensor(0.6931)
        """
        if targets.ndim == 2:
            smooth = self.label_smoothing
            per_series = functional.binary_cross_entropy_with_logits(
                logits,
                targets.to(logits.dtype) * (1 - smooth) + smooth / 2,
                reduction="none",
                pos_weight=self.positive_weight,
            ).mean(1)
        else:
            per_series = functional.cross_entropy(
                logits, targets, reduction="none", label_smoothing=self.label_smoothing
            )
        return per_series.mean() if weights is None else (per_series * weights).mean()


def accuracy(logits: Tensor, targets: Tensor) -> Tensor:
    """Share of right answers, between 0 and 1; with several labels over all of them."""
    if targets.ndim == 2:
        return ((logits > 0) == (targets > 0.5)).double().mean()
    return (logits.argmax(-1) == targets).double().mean()
