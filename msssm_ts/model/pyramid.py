"""Half of the steps behind each block but the last, for long series.

After Shahab Sepehri, Fabian, Soltanolkotabi, "Serpent: Scalable and Efficient Image Restoration
via Multi-scale Structured State Space Models", 2024, where patches of images are merged.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

# What is known of a level's steps: lengths, observed, times.
Level = tuple[Tensor | None, Tensor | None, Tensor | None]


def halved(lengths: Tensor | None, observed: Tensor | None, times: Tensor | None) -> Level:
    """Return what is known of the steps behind a block that keeps every second one.

    Parameters
    ----------
    lengths : integer Tensor of shape (b,), optional
        Valid steps of each series.
    observed : boolean Tensor of shape (b, l), optional
        Steps that count: within the length.
    times : Tensor of shape (b, l), optional
        Time stamps.

    Returns
    -------
    lengths (b,), observed and times (b, ⌈l / 2⌉)
        Of a pair of steps one has to be observed; the stamps are every second one.

    Examples
    --------
    >>> halved(torch.tensor([4, 3]), None, None)[0]
    tensor([2, 2])
    """
    if lengths is not None:
        lengths = (lengths + 1) // 2
    if observed is not None:
        l = observed.shape[1]
        pairs = functional.pad(observed, (0, 1))
        observed = pairs[:, 0:l:2] | pairs[:, 1 : l + 1 : 2]
    return lengths, observed, None if times is None else times[:, ::2]


def pairs(x: Tensor) -> Tensor:
    """Put every two neighbouring steps of x (b, l, d) side by side, the last one beside zeros.

    Returns
    -------
    Tensor of shape (b, ⌈l / 2⌉, 2d)

    Examples
    --------
    >>> pairs(torch.tensor([[[1.0], [2.0], [3.0]]]))
    tensor([[[1., 2.],
             [3., 0.]]])
    """
    if x.shape[1] % 2:
        x = functional.pad(x, (0, 0, 0, 1))
    if torch.compiler.is_exporting():
        # A view, whose sizes torch would trace for some lengths only.
        return torch.cat([x[:, ::2], x[:, 1::2]], -1)
    b, l, d = x.shape
    return x.reshape(b, l // 2, 2 * d)
