"""Sets of classes that hold the true one as often as is asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Scores:
    """How improbable the true class was, of series that were left out.

    Parameters
    ----------
    count : int
        Series, or groups where there are any.
    quantiles : tuple of float
        Of 1 less the probability of the true class: which as many as 1/n, 2/n, … n/n of them do
        not exceed, rounded up.

    Examples
    --------
    >>> told = Scores(4, (0.1, 0.2, 0.3, 0.9))
    >>> told.limit(0.5), told.limit(0.9)
    (0.3, inf)
    """

    count: int
    quantiles: tuple[float, ...]

    def limit(self, coverage: float) -> float:
        """Return what one more score exceeds in at most 1 - ``coverage`` of all cases.

        It may be as large as any of them (Vovk, Gammerman, Shafer, "Algorithmic Learning in a
        Random World", 2005): infinite where they are too few to exclude anything.
        """
        share = coverage * (self.count + 1) / max(self.count, 1)
        if share > 1 + _ROUNDING or not self.quantiles:
            return math.inf
        return self.quantiles[max(0, math.ceil(share * len(self.quantiles) - _ROUNDING) - 1)]


@dataclass(frozen=True)
class Coverage:
    """What prediction sets of any coverage are made from.

    Parameters
    ----------
    every : Scores
        Of all series.
    classes : tuple of Scores
        Of those of each class.
    """

    every: Scores
    classes: tuple[Scores, ...]

    def sets(
        self, proba: NDArray[np.floating[Any]], coverage: float, per_class: bool = False
    ) -> NDArray[np.bool_]:
        """Return which classes are in the set of each series.

        Parameters
        ----------
        proba : array of shape (n_series, n_classes)
            Probabilities.
        coverage : float
            How many sets are to hold the true class, between 0 and 1.
        per_class : bool
            Whether of each class as many are, however rare it is.

        Returns
        -------
        array of shape (n_series, n_classes)

        Examples
        --------
        >>> told = Scores(4, (0.1, 0.2, 0.3, 0.9))
        >>> Coverage(told, (told, told)).sets(np.array([[0.75, 0.25]]), 0.5)
        array([[ True, False]])
        """
        of = self.classes if per_class else (self.every,) * len(self.classes)
        limits = np.array([scores.limit(coverage) for scores in of])
        return np.asarray(1 - proba.astype(np.float64) <= limits + _ROUNDING)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        every, *classes = (
            {"count": s.count, "quantiles": list(s.quantiles)} for s in (self.every, *self.classes)
        )
        return {"every": every, "classes": classes}


def coverage_from(said: Mapping[str, Any] | None) -> Coverage | None:
    """Return what ``to_dict`` has written; None where nothing is."""
    if said is None:
        return None
    every, *classes = (
        Scores(s["count"], tuple(s["quantiles"])) for s in (said["every"], *said["classes"])
    )
    return Coverage(every, tuple(classes))
