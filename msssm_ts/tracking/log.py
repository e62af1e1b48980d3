"""What a log of fits takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

# How a fit ended.
End = Literal["finished", "interrupted", "failed"]
Value = str | int | float | bool | None


class Log(Protocol):
    """One fit in a log."""

    where: str

    def parameters(self, values: Mapping[str, Value]) -> None:
        """Write down what was asked for."""

    def scalars(self, values: Mapping[str, float], epoch: int) -> None:
        """Write down points of curves."""

    def scores(self, values: Mapping[str, float]) -> None:
        """Write down what came of it."""

    def close(self, end: End) -> None:
        """Be done."""
