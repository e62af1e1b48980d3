"""What a network costs: parameters, multiply-adds, exponentials."""

from __future__ import annotations

from msssm_ts.analysis.network.weights import cores
from msssm_ts.kernels.decimate import N_TAPS
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.config import SPECTRUM_STRIDE
from msssm_ts.model.cores.core import CoreCost
from msssm_ts.model.experts import CHOSEN
from msssm_ts.model.stem import FilterBankStem, SpectrumStem
from msssm_ts.model.variates.shapes import layer_cost


def n_parameters(network: MSSSMNetwork) -> int:
    """Count the learned numbers."""
    return sum(p.numel() for p in network.parameters())


def multiply_adds(network: MSSSMNetwork, n_timepoints: int) -> dict[str, int | None]:
    """Count the multiply-adds that one series takes through the network, part by part.

    A multiply-add is one product, with the addition that follows it if one does. Counted are the
    products of linear maps, filters and recurrences, of a core what it says of itself
    (:meth:`msssm_ts.model.Core.cost`), for S6 and LTI as the fused kernel does them:

    - "stem": the projection of the channels, or the filter bank (filters, energies, smoothing).
    - "projections": the input, gate and output projections of every block, 3 d² a step.
    - "decomposition": 2·S·K a step and channel; of a pyramid its smoothing, 5 a channel and step
      kept.
    - "selection": what a core makes of the signal for its recurrences; of S6, from x to B, C and
      Δ: d·M·(2n + r) and r·M·d a step; of LTI nothing.
    - "scan": the recurrences; of S6 and LTI a step, channel and state one product each for
      λh + …, B·(Δx) and C·h, S6 one more for Δ·A; a step, channel and stream one for the skip,
      S6 one more for Δ·x. LTI's λ and ΔB are computed once a batch, not counted.
    - "mixing": E_t = Linear(x_t), its product with the streams, and the gate's.
    - "motifs", where there are any: 4 d² a step for its projections, and a step, code and channel
      one product each for the distance, the score and what is read.
    - "experts", where there are any: the router, d a step and expert, and the two layers of each
      of the two experts that a step goes through, 4 d² a step.
    - "workspace", where there is one: a step, token and channel one product each for the score and
      what is read.
    - "head": once a series.
    - "variates", only where channels stay apart, each of which goes through all of the above: the
      projections of the layers over them, 3 d² a step and channel, the maps to Δ, B and C, and the
      scans, four products a state (six where time is in them, of twice as many).

    Not counted: norms, pooling, residual sums, and what :func:`exponentials` counts.

    Parameters
    ----------
    network : MSSSMNetwork
        The network.
    n_timepoints : int
        Steps of the series.

    Returns
    -------
    dict of str to int or None
        In the order above; "selection" and "scan" None where the core does not say.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> network = MSSSMNetwork(MSSSMConfig(1, 2, d_model=8, n_layers=1))
    >>> multiply_adds(network, 100)["projections"] == 100 * 3 * 8 * 8
    True
    """
    config = network.config
    d, S, K, M = config.d_model, config.n_scales, config.kernel_size, config.n_streams
    own = config.of_direction.d_model
    steps = [n * config.n_variates for n in config.layer_steps(n_timepoints)]
    core_steps = sum(steps) * config.n_directions
    # Behind a pyramid's blocks two steps are projected to one, and the residual is smoothed.
    halved = sum(steps[1:]) if config.pyramid else 0
    projected = 2 * halved + steps[-1] if config.pyramid else sum(steps)
    mixer = own * M if config.n_scales else 0
    core = _core_cost(network)
    counts = {
        "stem": _stem(network, n_timepoints) * config.n_variates,
        "projections": (2 * sum(steps) + projected) * d * d,
        "decomposition": core_steps * own * 2 * S * K + halved * N_TAPS * d,
        "selection": None if core is None else core_steps * core.selection,
        "scan": None if core is None else core_steps * core.scan,
        "mixing": core_steps * (mixer + own * M + own),
        **_behind(config, steps[-1]),
        "head": network.head.in_features * network.head.out_features,
    }
    if network.axis is not None:
        counts["variates"] = sum(steps) * layer_cost(config).products
    return counts


def _behind(config: MSSSMConfig, steps: int) -> dict[str, int]:
    """Count the multiply-adds of what stands behind the last block."""
    d, experts = config.d_model, min(CHOSEN, config.experts)
    counts = {
        "motifs": config.motifs and steps * (4 * d * d + 3 * config.motifs * d),
        "experts": steps * (config.experts * d + experts * 2 * d * d),
        "workspace": steps * 2 * config.workspace * d,
    }
    return {name: count for name, count in counts.items() if count}


def exponentials(network: MSSSMNetwork, n_timepoints: int) -> int | None:
    """Count exponentials and logarithms in the layers for one series.

    A step and channel of S6: one a state for λ = exp(ΔA), two a stream for Δ's softplus, one for
    the gate's; of LTI the gate's alone. Of another core what it says of itself, and the gate's.

    Parameters
    ----------
    network, n_timepoints : as for :func:`multiply_adds`
        The network, and the steps of the series.

    Returns
    -------
    int or None
        None where the core does not say.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> config = MSSSMConfig(1, 2, d_model=8, n_layers=1, bidirectional=False, core="lti")
    >>> exponentials(MSSSMNetwork(config), 100)
    800
    """
    config = network.config
    steps = sum(config.layer_steps(n_timepoints)) * config.n_variates
    core_steps = steps * config.n_directions
    core, own = _core_cost(network), config.of_direction.d_model
    across = 0 if network.axis is None else steps * layer_cost(config).exponentials
    return None if core is None else core_steps * (core.exponentials + own) + across


def _core_cost(network: MSSSMNetwork) -> CoreCost | None:
    """Return the cost of a step of one core: all of a network's have the same."""
    _, _, first = next(cores(network))
    return first.ssm.cost()


def _stem(network: MSSSMNetwork, n_timepoints: int) -> int:
    """Count the stem's multiply-adds, over all that its filters compute."""
    config = network.config
    stem, channels, d = network.stem, config.stem_channels, config.d_model
    if isinstance(stem, SpectrumStem):
        return _spectra(stem, n_timepoints, channels // stem.n_spectra)
    if not isinstance(stem, FilterBankStem):
        return n_timepoints * channels * d
    taps, smooth, step = stem.filters.shape[-1], len(stem.window), stem.stride // stem.hop
    steps = -(-n_timepoints // stem.stride)
    padded = stem.padded_steps(n_timepoints)
    filtered = (padded - 1) // stem.hop + 1
    kept = [(rows - 1) // step + 1 for rows in (filtered, padded // stem.hop)]
    bank = filtered * 2 * stem.n_filters * (taps + 1)
    smoothing = (kept[0] * stem.n_filters + kept[1]) * smooth
    filtering = channels * (bank + smoothing)
    if isinstance(stem.projection, SpectrumStem):
        # The smoothed signal itself is not used.
        filtering -= channels * kept[1] * smooth
        return filtering + _spectra(stem.projection, steps, stem.n_filters)
    return filtering + steps * channels * (stem.n_filters + 1) * d


def _spectra(stem: SpectrumStem, steps: int, bands: int) -> int:
    """Count the multiply-adds of convolutions over spectra, and of the projection behind them."""
    total, rows = 0, steps + SPECTRUM_STRIDE - 1
    for layer in (stem.first, stem.second):
        rows, bands = (rows + 1) // 2, (bands + 1) // 2
        total += rows * bands * layer.weight.numel()
    return total + -(-steps // SPECTRUM_STRIDE) * stem.projection.weight.numel()
