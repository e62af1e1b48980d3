"""What a network's filter bank has made of a signal, and how it is changed in training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from msssm_ts.model import MSSSMNetwork
from msssm_ts.model.stem import FilterBankStem


def bank_of(network: nn.Module) -> FilterBankStem | None:
    """Return the filter bank of a network; None: it has none."""
    return next((m for m in network.modules() if isinstance(m, FilterBankStem)), None)


@contextmanager
def behind_bank(network: MSSSMNetwork, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Change what a network's filter bank has made of the signal, where there is one."""
    bank = bank_of(network)
    if bank is None:
        yield
        return
    axis = network.axis

    def changed(_: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        (x,) = given
        return (change(x) if axis is None else axis.alike(change, x),)

    hook = bank.projection.register_forward_pre_hook(changed)
    try:
        yield
    finally:
        hook.remove()
