"""Codes that nothing is near to any more begin again."""

from __future__ import annotations

import torch
from torch import Tensor

from msssm_ts.model.motifs import PATIENCE, MotifAttention, Seen
from msssm_ts.training.processes import Processes


@torch.no_grad()
def revive(layer: MotifAttention, seen: Seen, processes: Processes) -> None:
    """Count a batch, and put codes that none of the last ones had at keys, see :func:`seeds`.

    Parameters
    ----------
    layer : MotifAttention
        Whose codes are changed in place.
    seen : Seen
        Of the batch, or this process's part of it.
    processes : Processes
        Those that train together: their codes stay the same.
    """
    used = layer.idle.new_tensor(processes.totals(seen.used.tolist()))
    layer.idle.copy_(torch.where(used > 0, 0.0, layer.idle + 1))
    dead = (layer.idle > PATIENCE).nonzero().squeeze(-1)
    if not len(dead):
        return
    alive = layer.codes[layer.idle <= PATIENCE]
    own = seeds(seen.keys, alive, len(dead))
    every = processes.together(own.tolist())
    found = layer.codes.new_tensor(every).view(len(every), own.shape[-1])
    if not processes.is_alone:
        found = seeds(found, alive, len(dead))
    layer.codes[dead[: len(found)]] = found
    layer.idle[dead[: len(found)]] = 0.0


def seeds(keys: Tensor, codes: Tensor, n: int) -> Tensor:
    """Return at most n keys that codes begin at, far from all codes and from one another.

    As k-means++ chooses them (Arthur, Vassilvitskii, "k-means++: the advantages of careful
    seeding", SODA 2007), by squared distances, but for the draw: the key is taken at which half of
    their sum is reached. The farthest would be the odd ones out.

    Parameters
    ----------
    keys : Tensor of shape (n_keys, d)
        To choose from. What is at 0 from a code is not chosen.
    codes : Tensor of shape (n_codes, d)
        What there is, at least one.
    n : int
        How many are wanted.

    Returns
    -------
    Tensor of shape (at most n, d)

    Examples
    --------
    >>> seeds(torch.tensor([[1.0], [5.0], [6.0]]), torch.tensor([[0.0]]), 2).tolist()
    [[6.0], [5.0]]
    """
    apart = keys.new_full((len(keys),), torch.inf)
    for code in codes:
        apart = torch.minimum(apart, (keys - code).square().sum(-1))
    chosen: list[Tensor] = []
    while len(chosen) < min(n, len(keys)):
        reached = apart.double().cumsum(0)
        if not reached[-1]:
            break
        at = int(torch.searchsorted(reached, reached[-1] / 2, right=True).clamp(max=len(keys) - 1))
        chosen.append(keys[at])
        apart = torch.minimum(apart, (keys - keys[at]).square().sum(-1))
    return torch.stack(chosen) if chosen else keys[:0]
