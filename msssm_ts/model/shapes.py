"""The shapes of a network's weights, by its settings alone: nothing is built."""

from __future__ import annotations

from msssm_ts.model.config import MSSSMConfig
from msssm_ts.model.cores import CORES
from msssm_ts.model.experts import expert_shapes
from msssm_ts.model.motifs import motif_shapes
from msssm_ts.model.stem import stem_shapes
from msssm_ts.model.variates import axis_shapes
from msssm_ts.model.workspace import workspace_shapes

Shapes = dict[str, tuple[int, ...]]


def weight_shapes(config: MSSSMConfig) -> Shapes:
    """Return the shapes of ``MSSSMNetwork(config).state_dict()``, before there is memory for it.

    Parameters
    ----------
    config : MSSSMConfig
        Checked, where it is of a file (:meth:`MSSSMConfig.from_dict`).

    Raises
    ------
    InputError
        If nothing has the core's name.

    Examples
    --------
    >>> config = MSSSMConfig(n_channels=2, n_outputs=3, d_model=16, n_layers=1)
    >>> weight_shapes(config)["head.weight"]
    (3, 32)
    """
    d = config.d_model
    one = config.of_direction
    filters = (one.n_scales, one.d_model, one.kernel_size)
    core = {
        "decomposition.phi": filters,
        "decomposition.psi": filters,
        **{f"ssm.{k}": v for k, v in CORES.get(config.core).weight_shapes(one).items()},
        **(_linear("mixer.linear", one.n_streams, one.d_model) if config.n_scales else {}),
    }
    block: Shapes = {"norm.weight": (d,), "norm.bias": (d,)}
    for name in ("input", "gate", "output"):
        block |= _linear(name, d, d)
    if config.is_quasiseparable:
        core.pop(f"ssm.{CORES.get(config.core).skip}", None)
        block |= {"diagonal.D": (d,), "diagonal.weight": (d,)}
    for direction in range(config.n_directions):
        block |= {f"cores.{direction}.{k}": v for k, v in core.items()}
    shapes = {
        f"stem.{k}": v
        for k, v in stem_shapes(
            config.stem_channels, d, config.stem_stride, config.stem_bands
        ).items()
    }
    if config.variates != "mix":
        shapes |= {f"axis.{k}": v for k, v in axis_shapes(config).items()}
    for layer in range(config.n_layers):
        shapes |= {f"blocks.{layer}.{k}": v for k, v in block.items()}
        if config.halves_behind(layer):
            shapes[f"blocks.{layer}.output.weight"] = (d, 2 * d)
    if config.motifs:
        shapes |= {f"motifs.{k}": v for k, v in motif_shapes(config).items()}
    if config.experts:
        shapes |= {f"experts.{k}": v for k, v in expert_shapes(config).items()}
    if config.workspace:
        shapes |= {f"workspace.{k}": v for k, v in workspace_shapes(config).items()}
    return (
        shapes
        | {"norm.weight": (d,), "norm.bias": (d,)}
        | _linear("head", config.n_outputs, config.n_pooled)
    )


def _linear(name: str, rows: int, columns: int) -> Shapes:
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}
