"""What a network answers about many series, batch by batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from msssm_ts.model import MSSSMNetwork
from msssm_ts.training.batches import SeriesTensor


def predict_logits(network: MSSSMNetwork, series: SeriesTensor, batch_size: int) -> Tensor:
    """Return logits (n_series, n_outputs), on the CPU, in the order of the series."""
    return _in_batches(network, network.forward, series, batch_size)


def predict_embeddings(network: MSSSMNetwork, series: SeriesTensor, batch_size: int) -> Tensor:
    """Return pooled features (n_series, n_features), on the CPU, in the order of the series."""
    return _in_batches(network, network.embed, series, batch_size)


def _in_batches(
    network: nn.Module, function: Callable[..., Tensor], series: SeriesTensor, batch_size: int
) -> Tensor:
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    index, outputs = [], []
    with torch.inference_mode():
        for chosen, batch in series.batches(series.in_order(batch_size)):
            outputs.append(function(*batch.to(device)).cpu())
            index.append(chosen)
    network.train(was_training)
    order = torch.cat(index)
    return torch.cat(outputs)[torch.argsort(order)]
