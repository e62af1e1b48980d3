"""Where a network runs."""

from __future__ import annotations

import torch

from msssm_ts.errors import InputError


def resolve_device(device: str) -> str:
    """Return the device that a name stands for; "auto" is CUDA where there is a card.

    Raises
    ------
    InputError
        If the device does not exist here.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).splitlines()[0]
        if why.startswith("Expected one of"):
            # A list of all that torch was ever built for.
            why = "there is none of that kind; give auto, cpu or cuda"
        raise InputError(f"device {device!r} cannot be used here: {why}") from error
    return device
