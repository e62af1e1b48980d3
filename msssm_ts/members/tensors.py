"""What arrays a member's part of a model file has to have: names, shapes, types, values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

# Beyond it, products and sums of weights leave float32.
LARGEST_WEIGHT = 1e20


class Shaped(Protocol):
    """An array, or what a file says of one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its numbers."""


@dataclass(frozen=True)
class TensorSpec:
    """What one array has to be.

    Parameters
    ----------
    shape : tuple of int or str
        Sizes; a name stands for the same number in all arrays of the member.
    dtype : str
        NumPy's name of the type; "float": float32 or float64, the same in all arrays that say so;
        "any": whichever.
    """

    shape: tuple[int | str, ...]
    dtype: str = "float32"


def check_shapes(specs: Mapping[str, TensorSpec], found: Mapping[str, Shaped]) -> None:
    """Refuse arrays that are missing, surplus, or not as they are specified.

    Raises
    ------
    ValueError
        Naming the first.

    Examples
    --------
    >>> specs = {"mean": TensorSpec(("n",)), "scale": TensorSpec(("n",))}
    >>> check_shapes(specs, {name: np.zeros(3, np.float32) for name in specs})
    >>> check_shapes(specs, {"mean": np.zeros(3, np.float32), "scale": np.zeros(2, np.float32)})
    Traceback (most recent call last):
    ...
    ValueError: scale has shape (2), but must have (3)
    """
    for missing in specs.keys() - found.keys():
        raise ValueError(f"{missing} is missing")
    for surplus in found.keys() - specs.keys():
        raise ValueError(f"{surplus[:80]!r} is surplus")
    bound: dict[str, int] = {}
    float_type = ""
    for name, spec in specs.items():
        shape, dtype = found[name].shape, found[name].dtype.name
        wanted = tuple(bound.get(n, n) if isinstance(n, str) else n for n in spec.shape)
        if len(shape) != len(wanted) or any(
            isinstance(want, int) and want != n for want, n in zip(wanted, shape, strict=True)
        ):
            raise ValueError(f"{name} has shape {_sizes(shape)}, but must have {_sizes(wanted)}")
        for size, n in zip(wanted, shape, strict=True):
            if isinstance(size, str) and bound.setdefault(size, n) != n:
                raise ValueError(f"{name} has shape {_sizes(shape)}, with two numbers for {size}")
        allowed = (spec.dtype,) if spec.dtype != "float" else ("float32", "float64")
        if spec.dtype == "float" and float_type:
            allowed = (float_type,)
        if dtype not in allowed and spec.dtype != "any":
            raise ValueError(f"{name} is of type {dtype}, but must be {' or '.join(allowed)}")
        if spec.dtype == "float":
            float_type = dtype


def check_range(
    name: str, values: NDArray[Any], least: float = -LARGEST_WEIGHT, most: float = LARGEST_WEIGHT
) -> None:
    """Refuse an array with a number below or above what it can be, or with NaN.

    Raises
    ------
    ValueError
        Naming the array and its range.

    Examples
    --------
    >>> check_range("scale", np.array([0.5, -1.0]), least=0)
    Traceback (most recent call last):
    ...
    ValueError: scale must lie between 0 and 1e+20, and reaches from -1 to 0.5
    """
    if not values.size:
        return
    if values.dtype.kind == "c":
        values = np.stack([values.real, values.imag])
    low, high = values.min(), values.max()
    if not (low >= least and high <= most):
        ends = (f"{n:g}" if math.isfinite(n) else str(n) for n in (float(low), float(high)))
        raise ValueError(
            f"{name} must lie between {least:g} and {most:g}, and reaches from {' to '.join(ends)}"
        )


def _sizes(shape: tuple[int | str, ...]) -> str:
    return f"({', '.join(map(str, shape))})"
