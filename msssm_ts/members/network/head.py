"""The head of a network that begins with an encoder: what tells labels apart by its features."""

from __future__ import annotations

import numpy as np
import torch

from msssm_ts.members.problem import Problem
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling
from msssm_ts.model import MSSSMNetwork
from msssm_ts.training import SeriesTensor, predict_embeddings

# Root mean square of the weights: stronger ones would leave nothing to learn to what is below.
_STRONGEST = 0.2


def set_head(network: MSSSMNetwork, series: SeriesTensor, problem: Problem, size: int) -> None:
    """Let the head say what a ridge classifier on the network's features would, at most as surely.

    Parameters
    ----------
    network : MSSSMNetwork
        Changed in place.
    series : SeriesTensor
        The problem's, as the network takes them.
    problem : Problem
        What it is to learn.
    size : int
        Series that go through the network at once.
    """
    features = predict_embeddings(network, series, size).float().numpy()
    scaling = Scaling.fit(features, np.ones(features.shape[1], np.float32))
    scaling.apply(features)
    ridge = Ridge.fit(features, problem.signs, problem.weights, problem.multilabel, problem.groups)
    weight = ridge.temperature * ridge.coefficients.T.astype(np.float64) * scaling.scale
    strength = np.sqrt(np.square(weight).mean())
    factor = min(1.0, _STRONGEST / max(strength, 1e-12))
    bias = ridge.temperature * ridge.intercept - weight @ scaling.mean
    head = network.head
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(factor * weight))
        head.bias.copy_(torch.from_numpy(factor * bias))
