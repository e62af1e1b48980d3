"""How unlike everything learned a series is, as a share of training series that were left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted.coverage import Scores
from msssm_ts.kernels.linear import product_by_rows

Floats = NDArray[np.float64]

# Directions that features are projected onto, and training series that are near.
N_DIRECTIONS, N_NEAREST = 64, 3
# Beside a typical distance: what lies nearer is alike, such as a series that is there twice.
_ALIKE = 0.01


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of a number over left-out series.

    Parameters
    ----------
    mean, sd : float
        Of them.
    """

    mean: float
    sd: float

    @classmethod
    def of(cls, values: Floats) -> Scale:
        """Return those of some; the deviation is 1 where all are the same."""
        sd = float(values.std())
        return cls(float(values.mean()), sd if sd > 1e-9 else 1.0)

    def standard(self, values: Floats) -> Floats:
        """Return standard scores."""
        return (values - self.mean) / self.sd


@dataclass(frozen=True)
class Familiarity:
    """What was learned from, and how far from it series left out are.

    A series is as strange as the sum of two standard scores says: of the logarithm of its distance
    to the nearest training series, by features of one member of the vote (Sun, Ming, Zhu, Li,
    "Out-of-distribution detection with deep nearest neighbors", ICML 2022) on random directions
    (Johnson, Lindenstrauss, 1984), and of the entropy of the vote's answer.

    Parameters
    ----------
    member : int
        Place in the vote of the member with the features.
    known : float16 array of shape (n_known, N_DIRECTIONS)
        Projected features of training series, over ``unit``.
    unit : float
        A typical distance to the nearest, of series left out.
    distance, entropy : Scale
        Of logarithms of distances over ``unit``, and of entropies, of series left out.
    held : Scores
        Of series left out: quantiles of :meth:`strangeness`.

    Examples
    --------
    >>> known = np.zeros((3, N_DIRECTIONS), np.float16)
    >>> own = Familiarity(0, known, 1.0, Scale(-4, 1), Scale(0.2, 0.1), Scores(4, (0.4, 0.5)))
    >>> own.unknown(own.strangeness(np.full((1, N_DIRECTIONS), 5.0), np.array([[0.5, 0.5]])))
    array([0.8])
    """

    member: int
    known: NDArray[np.float16]
    unit: float
    distance: Scale
    entropy: Scale
    held: Scores

    def strangeness(self, at: Floats, proba: NDArray[np.floating[Any]]) -> Floats:
        """Return how strange series are, between 0 and 1; only the order says anything.

        Parameters
        ----------
        at : array of shape (n_series, N_DIRECTIONS)
            :func:`projected` features of the member.
        proba : array of shape (n_series, n_outputs)
            The vote's probabilities.

        Returns
        -------
        array of shape (n_series,)
        """
        return self.summed(nearest(at / self.unit, self.known.astype(np.float64)), proba)

    def summed(self, distances: Floats, proba: NDArray[np.floating[Any]]) -> Floats:
        """Return the same of distances (n_series,) over ``unit`` and probabilities."""
        far = self.distance.standard(logarithm(distances))
        unsure = self.entropy.standard(entropy(proba))
        # Half of it: what differs far out differs in float64, too.
        strange: Floats = 1 / (1 + np.exp(-np.clip((far + unsure) / 2, -30, 30)))
        return strange

    def unknown(self, strangeness: Floats) -> Floats:
        """Return the share of series left out that are no stranger, one more counted among them.

        At most n / (n + 1), where n were left out (Vovk, Gammerman, Shafer, "Algorithmic Learning
        in a Random World", 2005).
        """
        held = np.array(self.held.quantiles)
        n = self.held.count
        return np.searchsorted(held, strangeness, side="right") / len(held) * (n / (n + 1))

    def to_dict(self) -> dict[str, Any]:
        """Return as JSON holds it all but ``known``."""
        return {
            "member": self.member,
            "unit": self.unit,
            "distance": {"mean": self.distance.mean, "sd": self.distance.sd},
            "entropy": {"mean": self.entropy.mean, "sd": self.entropy.sd},
            "held": {"count": self.held.count, "quantiles": list(self.held.quantiles)},
        }


def familiarity_from(
    said: Mapping[str, Any] | None, known: NDArray[np.float16] | None
) -> Familiarity | None:
    """Return what ``to_dict`` has written, with its array; None where nothing is."""
    if said is None or known is None:
        return None
    held = Scores(said["held"]["count"], tuple(said["held"]["quantiles"]))
    distance, entropies = Scale(**said["distance"]), Scale(**said["entropy"])
    return Familiarity(said["member"], known, said["unit"], distance, entropies, held)


def projected(features: NDArray[np.floating[Any]]) -> Floats:
    """Return features (n_series, n_features) on random directions, (n_series, N_DIRECTIONS).

    The directions, of signs, are drawn by a generator whose numbers are the same for ever, which
    that of a distribution need not be.
    """
    size = features.shape[1]
    words = np.asarray(np.random.PCG64(0).random_raw(size))
    bits = np.unpackbits(words.astype("<u8").view(np.uint8).reshape(size, 8), axis=1)
    signs = bits.astype(np.float32) * 2 - 1
    found = product_by_rows(features.astype(np.float32, copy=False), signs)
    return np.asarray(found / np.sqrt(N_DIRECTIONS))


def nearest(at: Floats, known: Floats, apart: NDArray[np.bool_] | None = None) -> Floats:
    """Return the root mean square distance to the nearest known series, (n_series,).

    Parameters
    ----------
    at, known : arrays of shape (n_series, n_directions), (n_known, n_directions)
        Projected features.
    apart : boolean array of shape (n_series, n_known), optional
        Which known series count for each; all by default. Infinite where none does.
    """
    found = np.empty(len(at))
    for i, row in enumerate(at):
        squares = np.square(known - row).sum(1)
        if apart is not None:
            squares = squares[apart[i]]
        k = min(N_NEAREST, len(squares))
        near = np.partition(squares, k - 1)[:k] if k else np.array([np.inf])
        found[i] = np.sqrt(near.mean())
    return found


def logarithm(distances: Floats) -> Floats:
    """Return logarithms of distances beside a typical one, which do not run away at 0."""
    return np.asarray(np.log(np.minimum(distances, 1e9) + _ALIKE))


def entropy(proba: NDArray[np.floating[Any]]) -> Floats:
    """Return how undecided probabilities (n_series, n_outputs) are, from 0 to 1, (n_series,).

    Several labels at once, whose probabilities do not add up to 1, count each on its own.

    Examples
    --------
    >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).round(6) + 0.0
    array([0., 1.])
    """
    p = np.clip(proba, 1e-12, 1)
    found: Floats = -(p * np.log(p)).sum(1) / np.log(max(p.shape[1], 2))
    return found
