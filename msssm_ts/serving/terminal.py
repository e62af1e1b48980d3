"""What the command line does with a model, as the server asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.fitted import FittedModel

    Understood = tuple[LabelledSeries, list[str]]
    Rows = tuple[list[dict[str, Any]], list[str]]
    Answer = Callable[[LabelledSeries, NDArray[np.floating[Any]]], Rows]


@dataclass(frozen=True)
class Terminal:
    """The functions behind ``predict``, ``info`` and ``inspect``: the server answers with them.

    They raise InputError with the sentence that the terminal says.

    Parameters
    ----------
    model : FittedModel
        The model.
    info : mapping
        What ``msssm-ts info --json`` shows.
    read : callable
        From a path, and the options of reading by their names, to series and what was
        understood.
    matched : callable
        From series to series on the model's terms, and what there is to say.
    proba : callable
        From matched series to probabilities (n_series, n_classes).
    answering : callable
        From the options of answering, by their names, to a function that makes rows of series and
        probabilities.
    find : callable
        From series, and a number from 1 or an id, to a series' place.
    stream_row : callable
        From one step's probabilities (n_classes,) to prediction and p_CLASS.
    """

    model: FittedModel
    info: Mapping[str, Any]
    read: Callable[[str, Mapping[str, Any]], Understood]
    matched: Callable[[LabelledSeries], Understood]
    proba: Callable[[LabelledSeries], NDArray[np.floating[Any]]]
    answering: Callable[[Mapping[str, Any]], Answer]
    find: Callable[[LabelledSeries, str | None], int]
    stream_row: Callable[[NDArray[np.floating[Any]]], dict[str, Any]]
