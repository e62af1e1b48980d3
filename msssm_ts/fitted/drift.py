"""Whether many series together are stranger than what was learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Fewer tell nothing; smaller shifts and likelier ones are not spoken of.
FEWEST = 10
_SHIFT, _CHANCE = 0.3, 0.001


@dataclass(frozen=True)
class Drift:
    """How far series are from training series that were left out, all together.

    Parameters
    ----------
    n_series, n_left_out : int
        That are compared; of those left out groups count, where there are any.
    shift : float
        The largest difference, over all marks, of the part of the series above a mark from the part
        of those left out above it: the statistic of Kolmogorov and Smirnov, on the side of what is
        stranger. 0: no stranger, 1: stranger than all of them.
    p : float
        How often a shift as large comes of chance, were the series like those left out (its limit
        for many; Smirnov, "Table for estimating the goodness of fit of empirical distributions",
        Annals of Mathematical Statistics 19, 1948).
    """

    n_series: int
    n_left_out: int
    shift: float
    p: float

    @property
    def is_there(self) -> bool:
        """Whether it is large, and not by chance."""
        return self.shift >= _SHIFT and self.p < _CHANCE

    def line(self) -> str:
        """Return the sentence about it."""
        return (
            f"these {self.n_series} series are unlike those of the training, by a shift of "
            f"{self.shift:.2f} (0: none, 1: each is stranger than any of {self.n_left_out} left "
            f"out; p = {self.p:.1g}): answers may be worth less than expected; look at units, "
            "gain, sampling rate, length and source"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        facts = {"n_series": self.n_series, "n_left_out": self.n_left_out}
        return {**facts, "shift": self.shift, "p": self.p, "is_drift": self.is_there}


def drift_of(unknown: NDArray[np.float64], n_left_out: int) -> Drift | None:
    """Compare series with those left out; None where they are too few to tell.

    Parameters
    ----------
    unknown : array of shape (n_series,)
        See :meth:`msssm_ts.fitted.familiarity.Familiarity.unknown`.
    n_left_out : int
        Which it is a share of.

    Examples
    --------
    >>> drift_of(np.full(50, 0.9), 99).shift.__round__(2), drift_of(np.full(9, 0.9), 99)
    (0.91, None)
    """
    n = len(unknown)
    if n < FEWEST:
        return None
    # Of those left out a part q lies at or below the mark q, of the series what is found.
    shares = np.sort(unknown) * (n_left_out + 1) / n_left_out
    shift = max(0.0, float((shares - np.arange(n) / n).max()))
    p = float(np.exp(-2 * shift**2 * n * n_left_out / (n + n_left_out)))
    return Drift(n, n_left_out, min(shift, 1.0), p)
