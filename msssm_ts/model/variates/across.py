"""What goes from variate to variate: a selective scan over them, or one coupled with time."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.kernels import coupled_scan, selective_scan
from msssm_ts.kernels.ms_scan.reference import reverse_valid

# States of each channel.
N_STATES = 4
# Of the coupling: below 1, where nothing grows.
MOST_COUPLING = 0.95


class Across(nn.Module):
    """A selective scan over the variates of every step by itself, in one direction.

    ``h_v = exp(Δ_v A) h_{v−1} + Δ_v B_v x_v``, ``y_v = C_v h_v + D x_v``: Mamba's recurrence with
    variates for steps. Before a layer over time it makes the 2-D recurrence of Chimera in its
    triangular form, in which variates drive what is kept over time and are not driven by it.

    Parameters
    ----------
    d : int
        Channels of a variate.
    variates : int
        Variates V: steps begin between 1 / V and 1.
    reverse : bool
        From the last variate to the first.
    """

    axes = 1

    def __init__(self, d: int, variates: int, reverse: bool = False, backward: bool = False):
        super().__init__()
        self.reverse, self.backward = reverse, backward
        rows = torch.arange(1, N_STATES + 1, dtype=torch.float32).log()
        self.A_log = nn.Parameter(rows.expand(*self._axes, d, N_STATES).clone())
        self.D = nn.Parameter(torch.ones(d))
        self.maps = nn.Linear(d, self.axes * (d + 2 * N_STATES))
        with torch.no_grad():
            self.maps.bias.zero_()
            step = torch.exp(-math.log(max(2, variates)) * torch.rand(self.axes * d))
            # The inverse of softplus.
            self.maps.bias[: self.axes * d] = step + torch.log(-torch.expm1(-step))
            self.maps.weight[: self.axes * d] *= 0.1

    @property
    def _axes(self) -> tuple[int, ...]:
        return () if self.axes == 1 else (self.axes,)

    def own_rate_parameters(self) -> Iterable[nn.Parameter]:
        """Return what learns at the state-space rate, without weight decay."""
        return self.parameters(recurse=False)

    def read(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return Δ (…, d), B and C (…, n) for x (…, d); of two axes (…, 2, d) and (…, 2, n)."""
        parts = self.maps(x).split([self.axes * x.shape[-1], *[self.axes * N_STATES] * 2], -1)
        step, B, C = (p.unflatten(-1, (*self._axes, -1)) if self._axes else p for p in parts)
        return functional.softplus(step), B, C

    def forward(
        self, x: Tensor, lengths: Tensor | None = None, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Scan x.

        Parameters
        ----------
        x : Tensor of shape (b, l, V, d)
            Signal of every variate.
        lengths : integer Tensor of shape (b,), optional
            Valid steps, of no concern here.
        state : Tensor, optional
            What is kept from earlier steps, where that is anything.

        Returns
        -------
        y : Tensor of shape (b, l, V, d)
            Anything finite in padding.
        state : Tensor or None
            For the steps that follow.
        """
        if self.reverse:
            x = x.flip(2)
        step, B, C = self.read(x)
        signal, step, B, C = (t.flatten(0, 1) for t in (x, step, B, C))
        y = selective_scan(signal, step, -self.A_log.exp(), B, C, self.D)[0].view(x.shape)
        return (y.flip(2) if self.reverse else y), None


class Coupled(Across):
    """The 2-D recurrence over time and variates, each driving the other; see ``coupled_scan``.

    Parameters
    ----------
    d, variates, reverse : as for :class:`Across`
        Sizes, and the direction over variates.
    backward : bool
        From the last valid step to the first.
    """

    axes = 2

    def __init__(self, d: int, variates: int, reverse: bool = False, backward: bool = False):
        super().__init__(d, variates, reverse, backward)
        self.coupling = nn.Parameter(torch.full((2, d, N_STATES), 1.5))

    def forward(
        self, x: Tensor, lengths: Tensor | None = None, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Scan x; see :meth:`Across.forward`."""
        shape = x.shape
        if self.backward:
            x = reverse_valid(x.flatten(2), lengths).view(shape)
        if self.reverse:
            x = x.flip(2)
        step, B, C = self.read(x)
        G = MOST_COUPLING * torch.tanh(self.coupling)
        y, state = coupled_scan(
            x, step, -self.A_log.exp(), G, B, C, initial_state=state, lengths=lengths
        )
        y = y + self.D * x
        if self.reverse:
            y = y.flip(2)
        if self.backward:
            y = reverse_valid(y.flatten(2), lengths).view(shape)
        return y, state
