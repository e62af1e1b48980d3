"""Learning-rate schedule and optimiser groups."""

from __future__ import annotations

import inspect
import math
from typing import Any

import torch
from torch import nn

from msssm_ts.model.decomposition import MultiScaleDecomposition


def warmup_cosine(step: int, n_steps: int, warmup: float = 0.1, floor: float = 0.01) -> float:
    """Factor on the learning rate: linear warm-up, then a cosine down to ``floor``.

    Examples
    --------
    >>> [round(warmup_cosine(s, 100), 2) for s in (0, 9, 55, 99)]
    [0.1, 1.0, 0.51, 0.01]
    """
    n_warmup = max(1, round(warmup * n_steps))
    if step < n_warmup:
        return (step + 1) / n_warmup
    position = (step - n_warmup) / max(1, n_steps - n_warmup)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * position))


def steps_that_fit(n_taken: int, seconds: float, max_seconds: float) -> int:
    """Estimate how many steps a time is enough for, from those that were taken.

    Parameters
    ----------
    n_taken : int
        Steps, at least one.
    seconds : float
        That they took.
    max_seconds : float
        That there are for all.

    Examples
    --------
    >>> steps_that_fit(10, 2.0, 8.0), steps_that_fit(10, 9.0, 8.0)
    (40, 10)
    """
    left = max(0.0, max_seconds - seconds)
    return n_taken + int(left / max(seconds / n_taken, 1e-9))


class _AdamW(torch.optim.AdamW):
    """AdamW that runs torch's own code without the guards around it.

    The guards are for compiled optimisers; they import torch's graph compiler, which would hold
    up every process's first step by more than a second.
    """

    add_param_group = inspect.unwrap(torch.optim.AdamW.add_param_group)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        return inspect.unwrap(torch.optim.AdamW.step)(self, closure)


def make_optimizer(
    network: nn.Module, learning_rate: float, ssm_learning_rate: float, weight_decay: float
) -> torch.optim.Optimizer:
    """AdamW with three groups: SSM parameters, parameters without decay, the rest.

    What cores and other scans name (:meth:`msssm_ts.model.Core.own_rate_parameters`) learns at
    ``ssm_learning_rate`` without weight decay (S4 and its successors); biases, norms and filters
    have no decay either.
    """
    of_cores: set[int] = set()
    filters: set[int] = set()
    for module in network.modules():
        own = getattr(module, "own_rate_parameters", None)
        if own is not None:
            of_cores.update(map(id, own()))
        elif isinstance(module, MultiScaleDecomposition):
            filters.update(map(id, module.parameters()))
    ssm, plain, decayed = [], [], []
    for parameter in network.parameters():
        if id(parameter) in of_cores:
            ssm.append(parameter)
        elif parameter.ndim < 2 or id(parameter) in filters:
            plain.append(parameter)
        else:
            decayed.append(parameter)
    groups = [
        {"params": decayed, "lr": learning_rate, "weight_decay": weight_decay},
        {"params": plain, "lr": learning_rate, "weight_decay": 0.0},
        {"params": ssm, "lr": ssm_learning_rate, "weight_decay": 0.0},
    ]
    # fused: one call for the many small parameters, on the CPU too.
    return _AdamW([g for g in groups if g["params"]], betas=(0.9, 0.99), fused=True)
