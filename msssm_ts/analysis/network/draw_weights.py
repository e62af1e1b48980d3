"""Pictures of what a network's weights alone tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msssm_ts.analysis.network.bands import band_responses, stream_names
from msssm_ts.analysis.network.memory import memory_lengths
from msssm_ts.analysis.network.units import Units
from msssm_ts.analysis.network.weights import cores
from msssm_ts.model import MSSSM, MSSSMNetwork

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart by the colour-blind.
DIRECTIONS = {"forward": "#0072B2", "backward": "#E69F00"}
_LINES = ("-", "--", "-.", ":")
_MOST_LAYERS = 4
# Quieter than a band's loudest frequency by more than this is not drawn, in decibels.
_RANGE = 40.0


def _shown_layers(network: MSSSMNetwork) -> list[int]:
    """Return layers to draw, from 1: all, or some from first to last."""
    last = len(network.blocks)
    return [round(at) for at in np.linspace(1, last, min(last, _MOST_LAYERS))]


def _of_layer(network: MSSSMNetwork, layer: int) -> dict[str, MSSSM]:
    return {direction: core for at, direction, core in cores(network) if at == layer}


def _title(network: MSSSMNetwork, what: str) -> str:
    shown, last = len(_shown_layers(network)), len(network.blocks)
    return what if shown == last else f"{what} ({shown} of {last} layers)"


def draw_memory(network: MSSSMNetwork, rate: float | None) -> Figure:
    """Draw the time constants of all channels and states, stream by stream.

    Parameters
    ----------
    network : MSSSMNetwork
        The network; its cores say how long they remember.
    rate : float or None
        Of the series, in hertz.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    units, layers = Units(rate), _shown_layers(network)
    names = stream_names(network.config.n_scales)
    width = 2.2 + len(layers) * (0.7 + 0.4 * len(names))
    figure = Figure(figsize=(max(6.0, width), 4.0), dpi=120, layout="constrained")
    axes = figure.subplots(1, len(layers), sharey=True, squeeze=False)[0]
    for axis, layer in zip(axes, layers, strict=True):
        found = _of_layer(network, layer)
        room = 0.8 / len(found)
        for i, (direction, core) in enumerate(found.items()):
            memory = memory_lengths(core.ssm)
            assert memory is not None
            lengths = memory.flatten(1).cpu().numpy() * network.config.layer_stride(layer - 1)
            colour = DIRECTIONS[direction]
            axis.boxplot(
                [units.duration(1) * stream for stream in lengths],
                positions=np.arange(len(names)) + (i - (len(found) - 1) / 2) * room,
                widths=0.8 * room,
                # From shortest to longest.
                whis=(0, 100),
                patch_artist=True,
                boxprops={"facecolor": colour, "edgecolor": colour, "alpha": 0.6},
                medianprops={"color": "black"},
                whiskerprops={"color": colour},
                capprops={"color": colour},
            )
        axis.set_yscale("log")
        axis.set_xticks(np.arange(len(names)), names)
        axis.set_title(f"layer {layer}", fontsize=10)
        axis.grid(axis="y", alpha=0.3)
    axes[0].set_ylabel(f"memory −1 / log λ ({units.time})")
    figure.supxlabel("stream, fine to coarse", fontsize=10)
    used = list(_of_layer(network, layers[0]))
    patches = [Patch(color=DIRECTIONS[d], alpha=0.6, label=d) for d in used]
    figure.legend(handles=patches, loc="outside right center", title="direction")
    figure.suptitle(_title(network, "Memory: quartiles and range over channels and states"))
    return figure


def draw_responses(network: MSSSMNetwork, rate: float | None) -> Figure:
    """Draw the frequency responses of the bands, layers across and directions down.

    Parameters
    ----------
    network : MSSSMNetwork
        A network with at least one scale.
    rate : float or None
        Of the series, in hertz.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    units, layers = Units(rate), _shown_layers(network)
    directions = list(_of_layer(network, layers[0]))
    figure = Figure(
        figsize=(max(5.5, 2.8 * len(layers)), 1.2 + 2.4 * len(directions)),
        dpi=120,
        layout="constrained",
    )
    axes = figure.subplots(len(directions), len(layers), sharex=True, sharey=True, squeeze=False)
    for column, layer in enumerate(layers):
        found = _of_layer(network, layer)
        for row, direction in enumerate(directions):
            axis = axes[row, column]
            _draw_response(axis, found[direction], network, layer, units)
            axis.set_title(f"layer {layer}, {direction}", fontsize=10)
    for axis in axes[:, 0]:
        axis.set_ylabel("power (dB)")
    figure.supxlabel(f"frequency ({units.cycles})", fontsize=10)
    lines, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside right center", title="band")
    figure.suptitle(_title(network, "Frequency responses: mean power over channels"))
    return figure


def _draw_response(
    axis: Axes, core: MSSSM, network: MSSSMNetwork, layer: int, units: Units
) -> None:
    import matplotlib

    response = band_responses(core.decomposition)
    assert response is not None
    names = stream_names(network.config.n_scales)[1:]
    colours = matplotlib.colormaps["viridis"](np.linspace(0, 0.75, len(names)))
    # The logarithmic axis has no place for 0.
    frequencies = response.frequencies[1:].numpy() / network.config.layer_stride(layer - 1)
    decibels = 10 * np.log10(response.power[:, 1:].numpy().clip(1e-12))
    for i, name in enumerate(names):
        axis.plot(
            units.frequency(1) * frequencies,
            np.maximum(decibels[i], decibels.max() - _RANGE),
            color=colours[i],
            linestyle=_LINES[i % len(_LINES)],
            label=name,
        )
    axis.set_xscale("log")
    axis.grid(alpha=0.3)
