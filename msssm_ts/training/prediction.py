"""What a network answers about many series, batch by batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from msssm_ts.model import MSSSMNetwork
from msssm_ts.training.batches import SeriesTensor
from msssm_ts.training.processes import ALONE, Processes


def predict_logits(
    network: MSSSMNetwork, series: SeriesTensor, batch_size: int, processes: Processes = ALONE
) -> Tensor:
    """Return logits (n_series, n_outputs), on the CPU, in the order of the series.

    Several processes compute a part each, and all get all of them.
    """
    return _in_batches(network, network.forward, series, batch_size, processes)


def predict_embeddings(network: MSSSMNetwork, series: SeriesTensor, batch_size: int) -> Tensor:
    """Return pooled features (n_series, n_features), on the CPU, in the order of the series."""
    return _in_batches(network, network.embed, series, batch_size)


def _in_batches(
    network: nn.Module,
    function: Callable[..., Tensor],
    series: SeriesTensor,
    batch_size: int,
    processes: Processes = ALONE,
) -> Tensor:
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    size = min(batch_size, max(1, -(-len(series) // processes.count)))
    chosen = series.in_order(size)[processes.rank :: processes.count]
    with torch.inference_mode():
        own = [(i, function(*b.to(device)).cpu()) for i, b in series.batches(chosen)]
    network.train(was_training)
    index, outputs = zip(*processes.together(own), strict=True)
    return torch.cat(outputs)[torch.argsort(torch.cat(index))]
