"""Learning-rate schedule and optimiser groups."""

from __future__ import annotations

import inspect
import math
from typing import Any

import torch
from torch import nn

# Parameters of the state-space models: no weight decay, and a learning rate of their own.
_SSM_PARAMETERS = ("A_log", "D", "dt_bias", "dt_weight", "B", "C")


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

    SSM parameters learn at ``ssm_learning_rate`` without weight decay (S4 and its successors);
    biases, norms and filters have no decay either.
    """
    ssm, plain, decayed = [], [], []
    for name, parameter in network.named_parameters():
        owner, _, leaf = name.rpartition(".")
        if owner.endswith("ssm") and leaf in _SSM_PARAMETERS:
            ssm.append(parameter)
        elif parameter.ndim < 2 or leaf in ("phi", "psi"):
            plain.append(parameter)
        else:
            decayed.append(parameter)
    groups = [
        {"params": decayed, "lr": learning_rate, "weight_decay": weight_decay},
        {"params": plain, "lr": learning_rate, "weight_decay": 0.0},
        {"params": ssm, "lr": ssm_learning_rate, "weight_decay": 0.0},
    ]
    # foreach: fewer calls for the many small parameters, on the CPU too.
    return _AdamW([g for g in groups if g["params"]], betas=(0.9, 0.99), foreach=True)
