"""What the graph of a member is given in an exported file."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class GraphInput(NamedTuple):
    """A batch of standardised series.

    Parameters
    ----------
    x : float32 Tensor of shape (b, n_channels, l)
        Series, 0 where there is no value and behind their ends.
    filled : float32 Tensor of shape (b, n_channels, l)
        The same with missing values interpolated; 0 behind the ends.
    length : integer Tensor of shape (b,)
        Steps of each, one at least.
    seen : bool Tensor of shape (b, l)
        Steps with a value in any channel.
    """

    x: Tensor
    filled: Tensor
    length: Tensor
    seen: Tensor
