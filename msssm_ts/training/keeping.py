"""What a training run leaves behind while it goes on, and moments at which that is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


@dataclass(frozen=True)
class Kept:
    """What a run needs to go on from where it was.

    Parameters
    ----------
    arrays : dict of str to array
        Everything large.
    facts : dict
        What JSON can hold.
    """

    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any] = field(default_factory=dict)


class Keeper(Protocol):
    """Where work is kept that is not finished.

    Whoever works long asks :meth:`is_due` at moments when nothing is half done, and then hands
    over what it would need; when it begins, it asks whether there is something to go on from.
    """

    def kept(self) -> Kept | None:
        """Return what an earlier process kept; None: begin at the beginning."""

    def is_due(self) -> bool:
        """Whether it is time to keep the work."""

    def keep(self, work: Kept) -> None:
        """Keep it, instead of what was kept before."""


def optimizer_arrays(optimizer: torch.optim.Optimizer) -> dict[str, NDArray[Any]]:
    """Return the moments and step numbers of an optimiser, by parameter and name."""
    return {
        f"{i}.{name}": as_array(value)
        for i, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Give an optimiser back what :func:`optimizer_arrays` took."""
    whole = optimizer.state_dict()
    for name, array in arrays.items():
        i, _, part = name.partition(".")
        whole["state"].setdefault(int(i), {})[part] = torch.from_numpy(array.copy())
    optimizer.load_state_dict(whole)


def random_arrays(module: nn.Module, **generators: Tensor) -> dict[str, NDArray[Any]]:
    """Return the states of what draws: torch's own (dropout), and of generators by name."""
    states = {"torch": torch.get_rng_state(), **generators}
    device = next(module.parameters()).device
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return {name: state.numpy() for name, state in states.items()}


def restore_random(module: nn.Module, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Give torch its own states of :func:`random_arrays` back."""
    torch.set_rng_state(as_state(arrays["torch"]))
    if "cuda" in arrays:
        torch.cuda.set_rng_state(as_state(arrays["cuda"]), next(module.parameters()).device)


def as_state(array: NDArray[Any]) -> Tensor:
    """Return a generator's state as torch takes it."""
    return torch.from_numpy(np.array(array, dtype=np.uint8))


def as_array(tensor: Tensor) -> NDArray[Any]:
    """Return a copy that training does not go on writing to."""
    array: NDArray[Any] = tensor.detach().cpu().numpy()
    return array.copy()


class SafePoints:
    """Signals that wait for a moment at which nothing is half done.

    Inside the ``with``, Ctrl-C and its like are noted; :meth:`reached` then does what they would
    have done. A second one is not held up. Only in the main thread, as signals are Python's.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._pending: list[tuple[int, FrameType | None]] = []

    def __enter__(self) -> SafePoints:
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)
                handler = None if number is None else signal.getsignal(number)
                # What ends the process at once, or is ignored, is not ours to change.
                if number is not None and callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._note)
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._pending.append((number, frame))
        if len(self._pending) > 1:
            self._pending.clear()
            self._handlers[number](number, frame)

    @property
    def is_asked_to_stop(self) -> bool:
        """Whether a signal waits."""
        return bool(self._pending)

    def reached(self) -> None:
        """Nothing is half done: do what a waiting signal would have done."""
        if self._pending:
            number, frame = self._pending.pop()
            self._handlers[number](number, frame)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers, handlers = {}, self._handlers
        if self._pending and error is None:
            number, frame = self._pending.pop()
            handlers[number](number, frame)
