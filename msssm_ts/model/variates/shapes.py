"""Sizes of a network whose variates stay apart, by its settings alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msssm_ts.model.variates.across import N_STATES

if TYPE_CHECKING:
    from msssm_ts.model.config import MSSSMConfig

# Channels of a variate, where the network's width does not give it more.
_LEAST_WIDTH = 16


def variate_width(d_model: int, variates: int) -> int:
    """Channels of each variate: their part of the network's width, or 16.

    Examples
    --------
    >>> [variate_width(64, v) for v in (2, 3, 6, 28)], variate_width(8, 6)
    ([32, 20, 16, 16], 8)
    """
    return max(min(_LEAST_WIDTH, d_model), d_model // variates // 2 * 2)


def axis_shapes(config: MSSSMConfig) -> dict[str, tuple[int, ...]]:
    """Return the shapes of ``VariateAxis(config).state_dict()``.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> config = MSSSMConfig(6, 2, d_model=16, n_layers=1, variates="scan", n_variates=6)
    >>> axis_shapes(config)["layers.0.scans.0.A_log"]
    (8, 4)
    """
    d, variates = config.d_model, config.n_variates
    own = d // 2 if d % 2 == 0 else d
    axes = 2 if config.variates == "coupled" else 1
    diagonal = (*([2] if axes == 2 else []), own, N_STATES)
    shapes: dict[str, tuple[int, ...]] = {"embedding": (variates, d)}
    if config.variates == "graph":
        shapes |= {"order": (variates,), "neighbours": (variates, variates)}
    for layer in range(config.n_layers):
        one: dict[str, tuple[int, ...]] = {"norm.weight": (d,), "norm.bias": (d,)}
        for name in ("input", "gate", "output"):
            one |= {f"{name}.weight": (d, d), f"{name}.bias": (d,)}
        for way in (0, 1):
            rows = axes * (own + 2 * N_STATES)
            scan = {
                "A_log": diagonal,
                "D": (own,),
                "maps.weight": (rows, own),
                "maps.bias": (rows,),
            }
            if axes == 2:
                scan["coupling"] = diagonal
            one |= {f"scans.{way}.{name}": shape for name, shape in scan.items()}
        shapes |= {f"layers.{layer}.{name}": shape for name, shape in one.items()}
    return shapes


class LayerCost(NamedTuple):
    """What one step of one variate costs a layer over variates.

    Parameters
    ----------
    products : int
        Multiply-adds.
    exponentials : int
        Exponentials and logarithms.
    """

    products: int
    exponentials: int


def layer_cost(config: MSSSMConfig) -> LayerCost:
    """Return what a :class:`msssm_ts.model.variates.VariateLayer` costs.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> layer_cost(MSSSMConfig(6, 2, d_model=16, variates="scan", n_variates=6))
    LayerCost(products=1296, exponentials=112)
    """
    d = config.d_model
    own = d // 2 if d % 2 == 0 else d
    axes, per_state = (2, 6) if config.variates == "coupled" else (1, 4)
    maps = own * axes * (own + 2 * N_STATES)
    scan = own * axes * N_STATES * per_state + own
    # Of each state, two a step size, one of the gate's for each channel.
    exponentials = 2 * own * axes * (N_STATES + 2) + d
    return LayerCost(3 * d * d + 2 * (maps + scan), exponentials)
