"""The encoder that comes with the package, and the files of what does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from torch import Tensor

from msssm_ts.kernels.channel_pools import MOST_POOLS
from msssm_ts.pretraining.encoder import Encoder

FILE = Path(__file__).parent / "encoder.safetensors"


@cache
def shipped() -> Encoder:
    """Return the pretrained encoder, in evaluation mode; not to be changed in place.

    It has learned with three pools, and is read with all (docs/tried/encoder.md).

    Examples
    --------
    >>> shipped().training
    False
    """
    sizes, tensors = read_weights(FILE)
    return Encoder.of(sizes | {"n_pools": MOST_POOLS}, tensors)


def keep(encoder: Encoder, file: Path = FILE) -> None:
    """Write an encoder in half precision, which is what it then is.

    Parameters
    ----------
    encoder : Encoder
        To be kept.
    file : path
        Where.
    """
    write_weights(encoder.state_dict(), encoder.sizes, file)


def read_weights(file: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return the configuration and the tensors of a file, these in single precision."""
    from safetensors import safe_open

    with safe_open(file, "pt") as kept:
        config = json.loads(kept.metadata()["config"])
        tensors = {name: kept.get_tensor(name).float() for name in kept.keys()}  # noqa: SIM118
    return config, tensors


def write_weights(tensors: Mapping[str, Tensor], config: Mapping[str, Any], file: Path) -> None:
    """Write tensors in half precision, with their configuration."""
    from safetensors.torch import save_file

    halves = {name: t.detach().half().contiguous() for name, t in tensors.items()}
    # One entry: several are written in any order.
    save_file(halves, file, {"config": json.dumps(config)})
