"""What a model in C takes: memory, and what a step reckons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msssm_ts.model import MSSSMNetwork

# Of calls, and of variables that are no arrays: gcc takes 60 to 200 bytes on 64 bits.
_FRAMES = 384


@dataclass(frozen=True)
class Cost:
    """What a model in C takes.

    Parameters
    ----------
    flash : int
        Bytes of the weights; the code comes on top.
    ram : int
        Bytes of a series' state.
    stack : int
        Bytes, about, of a step or an answer at ``-O2`` or ``-Os``; ``-O3`` may take twice that.
    multiply_adds, exponentials : int or None
        Of a step and its answer; None where the core does not say.
    """

    flash: int
    ram: int
    stack: int
    multiply_adds: int | None
    exponentials: int | None


def cost_of(network: MSSSMNetwork, sizes: Mapping[str, int], flash: int) -> Cost:
    """Count.

    Parameters
    ----------
    network : MSSSMNetwork
        The network.
    sizes : mapping of str to int
        The source's constants.
    flash : int
        Bytes of its arrays.
    """
    from msssm_ts.analysis.network.cost import exponentials, multiply_adds

    width, config = sizes["WIDTH"], network.config
    doubles = (width if "mean" in config.pooling else 0) + 1
    floats = sizes["LAYERS"] * (
        sizes["REACH"] * width * bool(sizes["SCALES"]) + sizes["CORE_STATE"]
    )
    floats += width * (config.pooling != "mean") + sizes["SCALES"]
    in_step = sizes["CHANNELS"] + width * (4 + sizes["STREAMS"]) + sizes["READ"]
    parts = list(multiply_adds(network, 1).values())
    in_layers = exponentials(network, 1)
    known = [part for part in parts if part is not None]
    return Cost(
        flash=flash,
        ram=8 * (doubles + -(-floats // 2)),
        stack=4 * max(in_step, sizes["POOLED"]) + _FRAMES,
        multiply_adds=sum(known) if len(known) == len(parts) else None,
        exponentials=None if in_layers is None else in_layers + sizes["CLASSES"],
    )
