"""A network's streams, summarised from its weights alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from msssm_ts.analysis.network.bands import band_responses, receptive_fields, stream_names
from msssm_ts.analysis.network.memory import eigenvalues, memory_lengths, mode_frequencies
from msssm_ts.model import MSSSM, MSSSMBlock, MSSSMNetwork


@dataclass(frozen=True)
class StreamSummary:
    """One stream of one core; times in steps of the series, frequencies in cycles per step.

    Parameters
    ----------
    layer : int
        From 1.
    direction : str
        "forward" or "backward" in time.
    stream : str
        "raw", a detail "d1" …, or the approximation "a3".
    eigenvalues : tuple of two floats, or None
        Smallest and largest |λ| over channels and states, per step of the network: exp(Δ₀A) of
        S6, LTI and S4D; None where the core does not say.
    memory_median, memory_longest : float or None
        Time constants −1 / log |λ| over channels and states; None where the core does not say.
    mode_slowest, mode_median, mode_fastest : float or None
        Frequencies with which modes resonate, over channels and modes; None where they are real,
        or the core does not say.
    peak, centre : float or None
        Frequency of greatest power, and the mean weighted by power, of the band's response; None
        for the raw signal, which passes as it is.
    receptive_field : int
        Steps of the layer's input that the stream sees before its states come into play.
    """

    layer: int
    direction: str
    stream: str
    eigenvalues: tuple[float, float] | None
    memory_median: float | None
    memory_longest: float | None
    mode_slowest: float | None
    mode_median: float | None
    mode_fastest: float | None
    peak: float | None
    centre: float | None
    receptive_field: int


def cores(network: MSSSMNetwork) -> Iterator[tuple[int, str, MSSSM]]:
    """Yield layer (from 1), direction and core of each."""
    for layer, block in enumerate(network.blocks, 1):
        assert isinstance(block, MSSSMBlock)
        for core in block.cores:
            assert isinstance(core, MSSSM)
            yield layer, "backward" if core.reverse else "forward", core


@torch.no_grad()
def is_selective(network: MSSSMNetwork) -> bool:
    """Whether the cores' step sizes move with the signal, as in S6."""
    _, _, core = next(cores(network))
    zero = network.head.weight.new_zeros(1, 1, network.config.of_direction.d_model)
    return core.ssm.step_sizes(zero) is not None


def summarize_streams(network: MSSSMNetwork) -> list[StreamSummary]:
    """Summarise every stream of every core.

    Parameters
    ----------
    network : MSSSMNetwork
        The network.

    Returns
    -------
    list of StreamSummary
        Layer by layer, forward before backward, fine to coarse.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> network = MSSSMNetwork(MSSSMConfig(1, 2, n_scales=2, d_model=8, n_layers=1))
    >>> [(s.direction, s.stream, s.receptive_field) for s in summarize_streams(network)][:3]
    [('forward', 'raw', 1), ('forward', 'd1', 8), ('forward', 'd2', 22)]
    """
    config = network.config
    fields = receptive_fields(config.n_scales, config.kernel_size)
    rows = []
    for layer, direction, core in cores(network):
        stride = config.layer_stride(layer - 1)
        lam, memory = eigenvalues(core.ssm), memory_lengths(core.ssm)
        modes = mode_frequencies(core.ssm)
        response = band_responses(core.decomposition)
        peak: list[float | None] = [None]
        centre: list[float | None] = [None]
        if response is not None:
            peak += (response.peak / stride).tolist()
            centre += (response.centre / stride).tolist()
        for s, name in enumerate(stream_names(config.n_scales)):
            size = None if lam is None else lam[s].abs()
            lasts = None if memory is None else memory[s] * stride
            turns = None if modes is None else _from_slow_to_fast(modes[s] / stride)
            slowest, median, fastest = (None,) * 3 if turns is None else turns
            rows.append(
                StreamSummary(
                    layer,
                    direction,
                    name,
                    None if size is None else (float(size.min()), float(size.max())),
                    None if lasts is None else float(lasts.quantile(0.5)),
                    None if lasts is None else float(lasts.max()),
                    slowest,
                    median,
                    fastest,
                    peak[s],
                    centre[s],
                    fields[s] * stride,
                )
            )
    return rows


def _from_slow_to_fast(frequencies: torch.Tensor) -> tuple[float, float, float]:
    """Return the least, the median and the greatest."""
    return float(frequencies.min()), float(frequencies.median()), float(frequencies.max())
