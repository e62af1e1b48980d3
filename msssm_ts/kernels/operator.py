"""Functions registered as torch operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

R = TypeVar("R")


class Operator(Generic[R]):
    """A torch operator made from an annotated function.

    Does what ``torch.library.custom_op`` does for operators that neither change nor return their
    arguments. That one guards every call from the graph compiler, and for it imports the compiler
    at the first call: over a second before the first training step of every process.

    Parameters
    ----------
    function : callable
        Runs on the CPU and on CUDA; its annotations become the operator's schema.
    name : str
        As ``namespace::name``.
    """

    def __init__(self, function: Callable[..., R], name: str):
        self.name = name
        torch.library.define(name, torch.library.infer_schema(function, mutates_args=()))
        torch.library.impl(name, ("cpu", "cuda"), function)
        namespace, _, short = name.partition("::")
        self._call = getattr(getattr(torch.ops, namespace), short).default

    def __call__(self, *args: Any) -> R:
        """Call the operator."""
        result: R = self._call(*args)
        return result

    def register_fake(self, function: Callable[..., R]) -> Callable[..., R]:
        """Register what gives outputs of the right shape without computing anything."""
        torch.library.register_fake(self.name, function)
        return function

    def register_autograd(
        self, backward: Callable[..., Any], setup_context: Callable[..., Any]
    ) -> None:
        """Register the gradient."""
        torch.library.register_autograd(self.name, backward, setup_context=setup_context)


def operator(name: str) -> Callable[[Callable[..., R]], Operator[R]]:
    """Register the decorated function as a torch operator."""
    return lambda function: Operator(function, name)


def is_learned_from(*inputs: Tensor | None) -> bool:
    """Whether a gradient will be asked for: what a backward pass needs is kept only then."""
    return torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in inputs)
