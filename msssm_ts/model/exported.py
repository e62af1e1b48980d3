"""What a layer's parts are in operations that torch exports."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.errors import InputError
from msssm_ts.model import Core
from msssm_ts.model.decomposition import MultiScaleDecomposition


def export_form(cores: Sequence[Core], name: str) -> nn.Module:
    """Return what cores export, side by side.

    Parameters
    ----------
    cores : sequence of Core
        Of one block.
    name : str
        What they are called, for the message.

    Raises
    ------
    InputError
        If they have no :meth:`~msssm_ts.model.Core.export_form`.
    """
    form = type(cores[0]).export_form(cores)
    if form is None:
        raise InputError(
            f"core {name!r} cannot be exported to ONNX or torch.export, as it has no export "
            "form: save the model itself (--format safetensors), or train with another core"
        )
    return form


def stacked_filters(banks: Sequence[MultiScaleDecomposition]) -> Tensor:
    """Return the filters of D directions for :func:`stacked_bands`, (S, 2·D·d, 1, K)."""
    # Low-pass and high-pass next to each other for every channel, the oldest sample first.
    taps = [torch.stack([bank.phi, bank.psi], 2) for bank in banks]
    return torch.cat(taps, 1).flip(-1).flatten(1, 2).unsqueeze(2).detach().contiguous()


def stacked_bands(x: Tensor, filters: Tensor, directions: int) -> Tensor:
    """Raw signal and bands of all directions: x (b, l, D·d) to (M, b, D, d, l)."""
    b, l, channels = x.shape
    reach = filters.shape[-1] - 1
    approximation = x.transpose(1, 2)
    bands = [approximation]
    for level in range(len(filters)):
        padded = functional.pad(approximation, (reach * 2**level, 0))
        pairs = functional.conv1d(padded, filters[level], dilation=2**level, groups=channels)
        approximation = pairs[:, 0::2]
        bands.append(pairs[:, 1::2])
    if len(filters):
        bands.append(approximation)
    return torch.stack(bands).view(len(bands), b, directions, -1, l)


def rest_of_blocks(n_timepoints: int, steps: int) -> int:
    """Return how many steps are missing to whole blocks of so many, one to spare at most.

    Examples
    --------
    >>> rest_of_blocks(30, 16), rest_of_blocks(3, 16)
    (18, 29)
    """
    # Two blocks at least, and not a sum: torch would trace for some lengths only.
    return (n_timepoints + 2 * steps - 1) // steps * steps - n_timepoints
