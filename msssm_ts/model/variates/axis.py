"""The axis of variates of a network: from channels side by side to series of their own, and back.

Symbols: batch b, length l, variates V, channels c of the input in each (its spectrum's bands, or
one), channels d of the network in each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

from msssm_ts.model.config import MSSSMConfig
from msssm_ts.model.variates.layer import VariateLayer


class VariateAxis(nn.Module):
    """What a network whose variates stay apart has beside stem and blocks.

    Every variate goes through the same stem and blocks, as a series of its own; what it is, is
    told by a vector that is added behind the stem. Before each block a :class:`VariateLayer` runs
    over the variates. With a graph they stand in the order of its seriation, and each sees the
    weighted mean of its neighbours beside itself.

    Parameters
    ----------
    config : MSSSMConfig
        Of the network, with ``variates`` other than "mix".

    Attributes
    ----------
    order : integer Tensor of shape (V,)
        With a graph: which variate stands at each place.
    neighbours : Tensor of shape (V, V)
        With a graph: weights of the neighbours of each, by place; the absolute values of a row
        add up to 1, or are 0.
    """

    order: Tensor | None
    neighbours: Tensor | None

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        self.n_variates = config.n_variates
        self.embedding = nn.Parameter(0.3 * torch.randn(config.n_variates, config.d_model))
        self.layers = nn.ModuleList(VariateLayer(config) for _ in range(config.n_layers))
        has_graph = config.variates == "graph"
        order = torch.arange(self.n_variates) if has_graph else None
        self.register_buffer("order", order)
        size = self.n_variates, self.n_variates
        self.register_buffer("neighbours", torch.zeros(size) if has_graph else None)

    def lay_out(self, order: Any, neighbours: Any) -> None:
        """Take the order of the variates and, by place, the weights of their neighbours."""
        if self.order is not None and self.neighbours is not None:
            self.order.copy_(torch.as_tensor(order))
            self.neighbours.copy_(torch.as_tensor(neighbours))

    def apart(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        observed: Tensor | None = None,
        times: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None]:
        """Make a series of every variate.

        Parameters
        ----------
        x : Tensor of shape (b, l, V · c)
            Series.
        lengths, observed, times : Tensor of shape (b, …), optional
            What is known of each; a step is observed for all variates or for none.

        Returns
        -------
        x : Tensor of shape (V · b, l, c), (V · b, l, 2c) with a graph
            One variate of all series after the other.
        lengths, observed, times : Tensor of shape (V · b, …), or None
        """
        x = x.reshape(*x.shape[:2], self.n_variates, -1)
        if self.order is not None and self.neighbours is not None:
            x = x.index_select(2, self.order)
            # Not a matrix product, which would round by how many series there are.
            near = (self.neighbours[:, :, None] * x.unsqueeze(2)).sum(3)
            x = torch.cat([x, near], -1)
        lengths, observed, times = (
            t if t is None else torch.cat([t] * self.n_variates) for t in (lengths, observed, times)
        )
        # Flattened otherwise, torch's tracing would do for some lengths only.
        return torch.cat(x.unbind(2)), lengths, observed, times

    def named(self, x: Tensor) -> Tensor:
        """Add to x (V · b, l, d), behind the stem, what tells each variate from the others."""
        each = self._each(x) + self.embedding[:, None, None]
        return torch.cat(each.unbind())

    def alike(self, change: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Change x (V · b, l, c) as the series (b, l, V · c) that it is of."""
        return torch.cat(change(self.together(x)).chunk(self.n_variates, -1))

    def before(
        self, layer: int, x: Tensor, lengths: Tensor | None, observed: Tensor | None
    ) -> Tensor:
        """Run a layer over the variates of x (V · b, l, d)."""
        return cast(Tensor, self.layers[layer](x, lengths, observed)[0])

    def together(self, pooled: Tensor) -> Tensor:
        """Put what was pooled of a series' variates side by side: (V · b, …, k) to (b, …, V · k).

        Pooled over the variates, too, it would no longer say which one it is of: that cost 10
        points on JapaneseVowels and ERing (docs/cores.md).
        """
        return torch.cat(self._each(pooled).unbind(), -1)

    def _each(self, x: Tensor) -> Tensor:
        """View x (V · b, …) as (V, b, …)."""
        # Not len(x), at which torch's tracing would hold the number of series.
        return x.view(self.n_variates, x.shape[0] // self.n_variates, *x.shape[1:])
