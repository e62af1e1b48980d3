"""The encoder that comes with the package."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from msssm_ts.pretraining.encoder import Encoder
from msssm_ts.pretraining.pools import MOST_POOLS

FILE = Path(__file__).parent / "encoder.safetensors"


@cache
def shipped() -> Encoder:
    """Return the pretrained encoder, in evaluation mode; not to be changed in place.

    It has learned with three pools, and is read with all (docs/recipe.md).

    Examples
    --------
    >>> shipped().training
    False
    """
    from safetensors import safe_open

    with safe_open(FILE, "pt") as file:
        sizes = json.loads(file.metadata()["config"])
        tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
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
    from safetensors.torch import save_file

    tensors = {name: t.detach().half().contiguous() for name, t in encoder.state_dict().items()}
    # One entry: several are written in any order.
    save_file(tensors, file, {"config": json.dumps(encoder.sizes)})
