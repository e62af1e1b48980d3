"""Labels, identifiers and groups: integers where they are written so, else strings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# What stands for a label that is not there.
_NOTHING = {"", "nan", "none", "nat", "<na>", "?"}


def tidy_labels(values: Iterable[Any]) -> NDArray[Any]:
    """Return labels as integers if all are whole numbers, however written, else as strings.

    Examples
    --------
    >>> tidy_labels(["1.0000000e+00", "2"]), tidy_labels([" a", "1"])
    (array([1, 2]), array(['a', '1'], dtype='<U1'))
    """
    texts = [text_of(v) for v in values]
    try:
        numbers = [float(t) for t in texts]
    except ValueError:
        return np.array(texts)
    if all(n.is_integer() and abs(n) < 2**53 for n in numbers):
        return np.array([int(n) for n in numbers])
    return np.array(texts)


def tidy_names(values: Iterable[Any]) -> NDArray[Any]:
    """Return names as integers only if nothing is lost by it: 001 is another name than 1.

    Examples
    --------
    >>> tidy_names(["1", "20"]), tidy_names(["001", "1"])
    (array([ 1, 20]), array(['001', '1'], dtype='<U3'))
    """
    texts = [text_of(v) for v in values]
    try:
        numbers = [int(t) for t in texts]
    except ValueError:
        return np.array(texts)
    if all(str(n) == t and abs(n) < 2**63 for n, t in zip(numbers, texts, strict=True)):
        return np.array(numbers, dtype=np.int64)
    return np.array(texts)


def text_of(value: Any) -> str:
    """Return a label as text, without space around it; empty if there is none.

    Examples
    --------
    >>> text_of(" a "), text_of(float("nan")), text_of(3.0)
    ('a', '', '3')
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    text = "" if value is None else str(value).strip()
    missing = not isinstance(value, str) and text.lower() in _NOTHING
    return "" if missing or text.lower() == "nan" else text


def first_missing(values: Sequence[Any]) -> int | None:
    """Return the position of the first label that is not there."""
    return next((i for i, v in enumerate(values) if not text_of(v)), None)
