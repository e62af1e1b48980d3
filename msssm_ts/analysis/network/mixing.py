"""How far the layers of a network mix: the mean mixing distance (Karami et al. 2025, §3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from msssm_ts.kernels.decimate import decimate
from msssm_ts.model import MSSSMBlock, MSSSMNetwork
from msssm_ts.training.batches import Batch

# Numbers that a block takes at a time.
_AT_ONCE = 2**22


def mixing_distances(network: MSSSMNetwork, series: Batch, steps: Sequence[int]) -> Tensor:
    """Measure how far from step m each layer's output at m draws on its input.

    For each layer and each of its output channels c, with J the Jacobian of what the layer adds
    to its input (the residual itself is left out) at this series:
    ``d_c(m) = Σₙ |m − n| w_c(n) / Σₙ w_c(n)`` with ``w_c(n) = Σ_c' |J_{m c, n c'}|``; the mean over
    c. A causal layer has no n > m, and |m − n| is the paper's m − n; a bidirectional one counts
    both sides. The denominator is Σ|J|: the |ΣJ| that the paper prints can vanish. All paths
    count, also those through the selective parameters, the scale mixer and the gate.

    Parameters
    ----------
    network : MSSSMNetwork
        In evaluation mode.
    series : Batch
        One series, (1, l, n_channels), without padding.
    steps : sequence of int
        The steps m of the layers (behind the stem); of a pyramid, those of the first,
        and where they lie in the others.

    Returns
    -------
    Tensor of shape (n_layers, len(steps))
        In steps of each layer; of channels that stay apart the mean over them.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> network = MSSSMNetwork(MSSSMConfig(1, 2, d_model=8, n_layers=2)).eval()
    >>> mixing_distances(network, Batch(torch.randn(1, 20, 1), None, None), [19]).shape
    torch.Size([2, 1])
    """
    inputs: list[tuple[Any, ...]] = []
    hooks = [
        b.register_forward_pre_hook(lambda _, given: inputs.append(given)) for b in network.blocks
    ]
    try:
        with torch.no_grad():
            network(*series)
    finally:
        for hook in hooks:
            hook.remove()
    rows, halves = [], network.config.pyramid
    for k, (block, given) in enumerate(zip(network.blocks, inputs, strict=True)):
        assert isinstance(block, MSSSMBlock)
        # Channels that stay apart are series of their own.
        apart: list[list[Any]] = [
            [t if t is None or len(t) == 1 else t[i : i + 1] for t in given]
            for i in range(len(given[0]))
        ]
        of_each = [
            [_distance(block, m >> k if halves else m, *one) for m in steps] for one in apart
        ]
        rows.append(torch.tensor(of_each).mean(0))
    return torch.stack(rows)


def _distance(
    block: MSSSMBlock,
    m: int,
    x: Tensor,
    lengths: Tensor | None,
    observed: Tensor | None,
    times: Tensor | None,
    taps: Tensor | None = None,
) -> float:
    """Mean over the channels of d_c(m); each channel's gradient comes from a copy of the series."""
    _, length, d = x.shape
    away = (torch.arange(length, device=x.device, dtype=x.dtype) - m).abs()
    distances = []
    at_once = max(1, _AT_ONCE // (length * d))
    for channels in torch.split(torch.arange(d, device=x.device), at_once):
        count = len(channels)
        copies = x.expand(count, -1, -1).clone().requires_grad_()
        out = block(
            copies,
            None if lengths is None else lengths.expand(count).contiguous(),
            None if observed is None else observed.expand(count, -1, -1),
            None if times is None else times.expand(count, -1),
            taps,
        )
        kept, at = (copies, m) if taps is None else (decimate(copies, taps), m // 2)
        added = (out - kept)[:, at].gather(1, channels[:, None])
        (jacobian,) = torch.autograd.grad(added.sum(), copies)
        weight = jacobian.abs().sum(2)
        distances.append((weight @ away) / weight.sum(1))
    # A channel that depends on nothing has no distance.
    return float(torch.cat(distances).nanmean())
