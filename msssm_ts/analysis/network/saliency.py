"""Which steps speak for a class."""

from __future__ import annotations

import torch
from torch import Tensor

from msssm_ts.model import MSSSMNetwork
from msssm_ts.training.batches import Batch

# Steps of series that go through the network at a time.
_AT_ONCE = 2**15


def integrated_gradients(
    network: MSSSMNetwork, series: Batch, output: int, n_points: int = 64
) -> Tensor:
    """Attribute one logit of one series to its values.

    The gradient is averaged along the straight line from a series of zeros (where every channel
    holds the training series' mean) and multiplied by the series. The attributions add up to what
    the series changes in the logit, but for the error of the midpoint rule. Sundararajan, Taly,
    Yan, "Axiomatic Attribution for Deep Networks", ICML 2017.

    Parameters
    ----------
    network : MSSSMNetwork
        In evaluation mode.
    series : Batch
        One series, (1, l, n_channels).
    output : int
        The logit.
    n_points : int
        Points on the line.

    Returns
    -------
    Tensor of shape (l, n_channels)
        Positive where a value speaks for the class.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> network = MSSSMNetwork(MSSSMConfig(2, 3, d_model=8, n_layers=1)).eval()
    >>> integrated_gradients(network, Batch(torch.randn(1, 9, 2), None, None), 0).shape
    torch.Size([9, 2])
    """
    x = series.x
    points = (torch.arange(n_points, dtype=x.dtype, device=x.device) + 0.5) / n_points
    total = torch.zeros_like(x[0])
    for part in torch.split(points, max(1, _AT_ONCE // x.shape[1])):
        scaled = (part.view(-1, 1, 1) * x).requires_grad_()
        lengths, observed, times = (
            None if t is None else t.expand(len(part), *t.shape[1:]).contiguous()
            for t in (series.lengths, series.observed, series.times)
        )
        logits = network(scaled, lengths, observed, times)
        (gradient,) = torch.autograd.grad(logits[:, output].sum(), scaled)
        total += gradient.sum(0)
    return total / n_points * x[0]
