"""Learning to tell classes apart, from made-up tasks: each with few series, and a closed form.

In every step there are some tasks. Of each, half of the series are known with their classes; a
ridge regression on their codes answers of the others, and what it gets wrong is what the encoder
learns from, through the solution. After Bertinetto et al., "Meta-learning with differentiable
closed-form solvers", ICLR 2019. The closed form is what reads the encoder later, too.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.generation import Task
from msssm_ts.training.memory import keep_freed_memory
from msssm_ts.training.schedule import make_optimizer, warmup_cosine

Own = TypeVar("Own", bound=nn.Module)
_CLIP = 1.0


@dataclass(frozen=True)
class EpisodeSettings:
    """How an encoder is pretrained.

    Parameters
    ----------
    n_steps : int
        Steps of the optimiser.
    learning_rate, ssm_learning_rate, weight_decay : float
        Of AdamW.
    seed : int
        Of the first weights and of all tasks.
    """

    n_steps: int
    learning_rate: float = 2e-3
    ssm_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    seed: int = 0


class EpisodeLoss(nn.Module):
    """What a ridge regression, fitted to half of a task, gets wrong of the other half.

    Examples
    --------
    >>> codes = torch.tensor([[2.0], [2.1], [-2.0], [-2.1]])
    >>> loss, right = EpisodeLoss()(codes, torch.tensor([0, 0, 1, 1]))
    >>> float(right)
    1.0
    """

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(5.0)))
        self.log_penalty = nn.Parameter(torch.tensor(0.0))

    def forward(self, codes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return loss and accuracy on every second series.

        Parameters
        ----------
        codes : Tensor of shape (n_series, n_features)
            Of a task's series.
        labels : integer Tensor of shape (n_series,)
            Their classes.
        """
        known, asked = codes[::2], codes[1::2]
        centre, spread = known.mean(0), known.std(0) + 1e-3
        known, asked = (known - centre) / spread, (asked - centre) / spread
        targets = functional.one_hot(labels[::2]).to(codes.dtype)
        targets = targets - targets.mean(0)
        gram = known @ known.T / known.shape[1]
        penalty = self.log_penalty.exp() * torch.eye(len(gram), dtype=gram.dtype)
        weights = torch.linalg.solve(gram + penalty, targets)
        logits = self.log_scale.exp() * (asked @ known.T / known.shape[1]) @ weights
        right = (logits.argmax(1) == labels[1::2]).to(codes.dtype).mean()
        return functional.cross_entropy(logits, labels[1::2]), right


def pretrain(
    encoder: Own,
    draw: Callable[[np.random.Generator], list[Task]],
    settings: EpisodeSettings,
    report: Callable[[int, float, float, float], None] | None = None,
) -> Own:
    """Train an encoder on made-up tasks.

    Parameters
    ----------
    encoder : Module
        From series (b, l, n_channels) to codes (b, n_features); to be trained, in place.
    draw : callable
        Returns the tasks of a step, whose series are of one length.
    settings : EpisodeSettings
        How.
    report : callable, optional
        Told the step, the loss, the part of right answers, and seconds since the beginning.

    Returns
    -------
    Module
        The same one, in evaluation mode.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> from msssm_ts.pretraining.encoder import Encoder
    >>> from msssm_ts.pretraining.tasks import SeriesTasks
    >>> encoder = Encoder(MSSSMConfig(n_channels=1, n_outputs=1, d_model=8, n_layers=1))
    >>> draw = SeriesTasks(n_values=512, longest=32)
    >>> pretrain(encoder, draw, EpisodeSettings(n_steps=2)).training
    False
    """
    keep_freed_memory()
    rng = np.random.default_rng(settings.seed)
    loss_of = EpisodeLoss()
    optimizer = make_optimizer(
        encoder, settings.learning_rate, settings.ssm_learning_rate, settings.weight_decay
    )
    optimizer.add_param_group(
        {"params": list(loss_of.parameters()), "lr": settings.learning_rate, "weight_decay": 0.0}
    )
    peaks = [group["lr"] for group in optimizer.param_groups]
    encoder.train()
    began = time.perf_counter()
    for step in range(settings.n_steps):
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * warmup_cosine(step, settings.n_steps, warmup=0.02)
        tasks = draw(rng)
        series = torch.from_numpy(np.concatenate([task.series for task in tasks])).mT
        codes = encoder(series).split([len(task.labels) for task in tasks])
        outcomes = [
            loss_of(own, torch.from_numpy(task.labels))
            for own, task in zip(codes, tasks, strict=True)
        ]
        loss = torch.stack([own for own, _ in outcomes]).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(encoder.parameters(), _CLIP)
        optimizer.step()
        if report is not None:
            right = torch.stack([own for _, own in outcomes]).mean()
            report(step + 1, loss.item(), right.item(), time.perf_counter() - began)
    return encoder.eval()
