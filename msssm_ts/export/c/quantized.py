"""Dense layers in 8 bits: whole numbers, and a scale for every row of weights."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from msssm_ts.fitted import FittedModel
from msssm_ts.members.network.network import NetworkMember

_LARGEST = 127


def rows_in_int8(weight: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return whole numbers (rows, columns) and scales (rows,): weight ≈ scale · number.

    Symmetric, the largest of a row 127.

    Examples
    --------
    >>> numbers, scale = rows_in_int8(np.array([[1.0, -0.5], [0.0, 0.0]]))
    >>> numbers.tolist(), scale.round(5).tolist()
    ([[127, -64], [0, 0]], [0.00786999985575676, 0.0])
    """
    scale = (np.abs(weight).max(1) / _LARGEST).astype(np.float32)
    divisor = np.where(scale > 0, scale, 1)[:, None]
    numbers = np.clip(np.round(weight / divisor), -_LARGEST, _LARGEST)
    return numbers.astype(np.int8), scale


def quantized(model: FittedModel) -> FittedModel:
    """Return a model of one network with the weights that its dense layers have in 8 bits.

    Parameters
    ----------
    model : FittedModel
        Whose only member is a network.
    """
    (member,) = cast("tuple[NetworkMember]", model.vote.members)
    network = copy.deepcopy(member.network)
    for module in network.modules():
        if isinstance(module, nn.Linear):
            numbers, scale = rows_in_int8(module.weight.detach().cpu().numpy())
            near = torch.from_numpy(numbers * scale[:, None])
            with torch.no_grad():
                module.weight.copy_(near)
    member = replace(member, network=network)
    return replace(model, vote=replace(model.vote, members=(member,)))
