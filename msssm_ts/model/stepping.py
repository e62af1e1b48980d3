"""Which recurrent form reads a causal network's series step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch

from msssm_ts.errors import InputError
from msssm_ts.kernels import choose_backend
from msssm_ts.model.cores import CORES

if TYPE_CHECKING:
    from msssm_ts.model.block import MSSSM, MSSSMBlock
    from msssm_ts.model.classifier import MSSSMNetwork
    from msssm_ts.model.config import MSSSMConfig
    from msssm_ts.model.recurrent import RecurrentNetwork
    from msssm_ts.model.recurrent_reference import RecurrentReference


def why_no_steps(config: MSSSMConfig) -> str | None:
    """Say in a sentence why a network cannot read step by step; None where it can.

    Parameters
    ----------
    config : MSSSMConfig
        Of the network.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> why_no_steps(MSSSMConfig(1, 2, bidirectional=False, stem_stride=10))
    'a stem that keeps one step in 10 looks ahead: train with stem_stride=1'
    >>> why_no_steps(MSSSMConfig(1, 2, bidirectional=False)) is None
    True
    """
    if config.bidirectional:
        return (
            "a bidirectional model reads a series from both ends: train a causal one, with "
            "'msssm-ts fit ... --causal' or bidirectional=False"
        )
    if config.stride > 1:
        return (
            f"a stem that keeps one step in {config.stride} looks ahead: train with stem_stride=1"
        )
    if config.time_unit:
        return (
            "it counts the time between steps, and steps come without time stamps: train with "
            "stamps='ignore'"
        )
    if config.motifs:
        return (
            "motifs are run over whole series and have no step: train without them, with motifs=0 "
            "or without --motifs"
        )
    if not CORES.get(config.core).can_step():
        return (
            f"core {config.core!r} is run over whole series and has no step: train with another, "
            "such as core='lti'"
        )
    return None


def recurrent_form(network: MSSSMNetwork) -> RecurrentNetwork | RecurrentReference:
    """Return a copy of a network that reads one step after the other.

    The fused one where the core has the weights for it and nothing stands behind the blocks; else,
    and where plain torch is the chosen backend, the one in plain torch.

    Parameters
    ----------
    network : MSSSMNetwork
        A causal one.

    Raises
    ------
    InputError
        If it cannot read step by step.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig, MSSSMNetwork
    >>> network = MSSSMNetwork(MSSSMConfig(1, 2, d_model=8, n_layers=1, bidirectional=False))
    >>> type(recurrent_form(network)).__name__
    'RecurrentNetwork'
    """
    reason = why_no_steps(network.config)
    if reason is not None:
        raise InputError(f"this network cannot read a stream: {reason}")
    plain = choose_backend(torch.device("cpu"))[0] == "reference" or not network.config.n_scales
    if plain or network.axis is not None or not _is_fused(network):
        from msssm_ts.model.recurrent_reference import RecurrentReference

        return RecurrentReference(network)
    # numba compiles, or reads its cache, only where a stream is asked for.
    from msssm_ts.model.recurrent import RecurrentNetwork

    return RecurrentNetwork(network)


def _is_fused(network: MSSSMNetwork) -> bool:
    if network.experts is not None or network.workspace is not None:
        return False
    core = cast("MSSSM", cast("MSSSMBlock", network.blocks[0]).cores[0])
    return core.ssm.fused_step() is not None
