"""What parts of a network are trained for beside the labels."""

from __future__ import annotations

from torch import Tensor, nn

from msssm_ts.model.experts import Experts, Routed
from msssm_ts.model.motifs import MotifAttention, Seen
from msssm_ts.training.codes import revive
from msssm_ts.training.processes import Processes

# How much it counts beside the labels' loss that experts are used alike.
BALANCE = 0.01


class OwnAims:
    """The parts' own losses, and what is done for them behind a step.

    Parameters
    ----------
    network : Module
        In training; of those parts it may have none.
    processes : Processes
        Those that train it together.
    """

    def __init__(self, network: nn.Module, processes: Processes):
        self._processes = processes
        motifs, experts = getattr(network, "motifs", None), getattr(network, "experts", None)
        self._motifs = motifs if isinstance(motifs, MotifAttention) else None
        self._experts = experts if isinstance(experts, Experts) else None
        self._seen: Seen | None = None

    def added_to(self, loss: Tensor, n: int) -> Tensor:
        """Return the labels' loss with the parts' own, of the batch that just went through.

        Parameters
        ----------
        loss : Tensor
            Of the labels, mean over this process's series.
        n : int
            How many of them count.
        """
        if self._motifs is not None:
            self._seen = self._motifs.take_seen().of(n)
            loss = loss + self._seen.loss
        if self._experts is not None:
            loss = loss + BALANCE * imbalance(self._experts.take_routed(), n, self._processes)
        return loss

    def after_step(self) -> None:
        """Do what the parts want once the weights have moved."""
        if self._motifs is not None and self._seen is not None:
            revive(self._motifs, self._seen, self._processes)
            self._seen = None


def imbalance(routed: Routed, n: int, processes: Processes) -> Tensor:
    """Return E Σₑ uₑ pₑ: uₑ an expert's share of the steps, pₑ its mean probability, of E experts.

    Least, 1, where all are used alike; the gradient takes probability from those that are used
    much. The shares are those of the whole batch, so that the mean of several processes' values, by
    their series, is that of one.

    Parameters
    ----------
    routed : Routed
        Of this process's series.
    n : int
        How many of them count.
    processes : Processes
        Those that train together.

    Examples
    --------
    >>> import torch
    >>> from msssm_ts.training.processes import ALONE
    >>> alike = torch.full((3, 4), 0.25)
    >>> imbalance(Routed(alike, alike), 3, ALONE)
    tensor(1.)
    """
    own = (routed.used.mean(0) * n).tolist()
    *totals, count = processes.totals([*own, float(n)])
    shares = routed.probabilities.new_tensor(totals) / count
    return len(shares) * (routed.probabilities.mean(0) * shares).sum()
