"""What a network can begin with, or be read out of, that has learned without labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.shapes import Shapes, weight_shapes

_HEAD = "head."


@dataclass(frozen=True)
class Known:
    """A network that has learned without the labels of what it is to tell.

    Parameters
    ----------
    network : MSSSMNetwork
        In evaluation mode, not to be changed in place; its head is of no use.
    name : str
        What messages call it: a file.
    objective : str
        What it has learned, a key of :data:`msssm_ts.pretraining.objectives.OBJECTIVES`; or
        :data:`msssm_ts.pretraining.sound.WORDS`.
    parameters : mapping
        Those that it was made with; a network that begins with it has their shape.
    asked : str
        What ``init`` was, as a model keeps it.
    """

    network: MSSSMNetwork
    name: str
    objective: str
    parameters: Mapping[str, Any]
    asked: str

    @property
    def config(self) -> MSSSMConfig:
        """Its shape."""
        return self.network.config


def arrays_without_head(network: MSSSMNetwork) -> dict[str, NDArray[Any]]:
    """Return the arrays of a network, without its head, by name."""
    return {
        name: tensor.detach().cpu().numpy()
        for name, tensor in network.state_dict().items()
        if not name.startswith(_HEAD)
    }


def shapes_without_head(config: MSSSMConfig) -> Shapes:
    """Return the shapes of :func:`arrays_without_head`, before there is memory for them.

    Examples
    --------
    >>> config = MSSSMConfig(n_channels=2, n_outputs=1, d_model=8, n_layers=1)
    >>> own = {name: a.shape for name, a in arrays_without_head(MSSSMNetwork(config)).items()}
    >>> shapes_without_head(config) == own
    True
    """
    every = weight_shapes(config)
    return {name: shape for name, shape in every.items() if not name.startswith(_HEAD)}


def network_from(config: MSSSMConfig, arrays: Mapping[str, NDArray[Any]]) -> MSSSMNetwork:
    """Return the network that arrays are of, in evaluation mode; of its head nothing is known."""
    with torch.random.fork_rng(devices=[]):
        network = MSSSMNetwork(config)
    network.to(torch.from_numpy(np.array(arrays["norm.weight"])).dtype)
    own = {k: v for k, v in network.state_dict().items() if k.startswith(_HEAD)}
    weights = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    network.load_state_dict(own | weights)
    return network.eval().requires_grad_(False)
