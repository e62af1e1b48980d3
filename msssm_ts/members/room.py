"""How much memory a fit may take, and what there is room for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isqrt
from typing import Any, Self

from msssm_ts.members.ridge import MOST_ROWS

# Numbers that the features of all training series may be, to be held: 400 MB.
MOST_NUMBERS = 100_000_000
# Features whose products are summed where those of all series are not held: 512 MB.
MOST_PRODUCTS = 8192
# The same of an updatable model, which keeps the sums: 67 MB in its file.
MOST_KEPT = 4096
# Series whose features are held then. Always as many: products round by how many there are.
BLOCK = 2048
# However little memory there is.
_LEAST_BLOCK = 32


@dataclass(frozen=True)
class Room:
    """What memory has room for while a member in closed form is fitted.

    Parameters
    ----------
    numbers : int
        Of features that are held.
    products : int
        Features whose products are summed where those of all series are not held.
    judged : int
        Rows that the penalty is chosen by.
    limit : int, optional
        Bytes that all of it may take together.
    only_judged : bool
        Whether a ridge classifier is fitted only to the rows that its penalty is chosen by: that of
        an updatable model then follows from sums over all (:mod:`msssm_ts.updating`).
    """

    numbers: int
    products: int
    judged: int
    limit: int | None = None
    only_judged: bool = False

    @classmethod
    def of(cls, parameters: Mapping[str, Any] | None) -> Self:
        """Return what ``max_memory`` and ``updatable`` among an estimator's parameters allow.

        Examples
        --------
        >>> Room.of(None).products, Room.of({"max_memory": 500_000_000}).products
        (8192, 3952)
        """
        parameters = parameters or {}
        limit, kept = parameters.get("max_memory"), bool(parameters.get("updatable"))
        most = MOST_KEPT if kept else MOST_PRODUCTS
        if limit is None:
            return cls(MOST_NUMBERS, most, MOST_ROWS, None, kept)
        # A quarter each: an eigendecomposition of rows, with what it is worked out in; sums; a
        # block. Or half for features of all, a third for a solution. See :meth:`held`.
        return cls(
            max(1, min(MOST_NUMBERS, limit // 24)),
            max(1, min(most, isqrt(limit // 32))),
            max(_LEAST_BLOCK, min(MOST_ROWS, isqrt(limit // 160))),
            limit,
            kept,
        )

    def holds(self, n_series: int, n_features: int) -> bool:
        """Whether features of all series are held; else sums over blocks of them are."""
        return not self.only_judged and self.has_room(n_series, n_features)

    def has_room(self, n_series: int, n_features: int) -> bool:
        """Whether they could be held."""
        tight = self.judged < MOST_ROWS and n_series > self.judged
        return n_series * n_features <= self.numbers and not tight

    def rows_judged(self, n_features: int) -> int:
        """Return how many rows the penalty is chosen by, where sums are held."""
        if self.limit is None:
            return max(1, min(self.judged, self.numbers // n_features))
        return max(_LEAST_BLOCK, min(self.judged, self.limit // (32 * n_features)))

    def block(self, n_features: int) -> int:
        """Return of how many series features are held at once, where sums are."""
        if self.limit is None:
            return BLOCK
        each = 4 * (n_features + 5 * min(n_features, self.products))
        return max(_LEAST_BLOCK, min(BLOCK, self.limit // (4 * each)))

    def held(self, n_series: int, n_features: int) -> int:
        """Return about how many bytes are held at most while a ridge classifier is fitted."""
        if self.holds(n_series, n_features):
            chosen, least = min(n_series, self.judged), min(n_series, n_features)
            if chosen == n_series:
                return 4 * n_features * n_series + 40 * chosen**2
            # What the penalty is chosen by stays while all are solved for.
            return 4 * n_features * (n_series + 2 * chosen) + 24 * chosen**2 + 8 * least**2
        chosen, used = self.rows_judged(n_features), min(n_features, self.products)
        blocks = 4 * self.block(n_features) * (n_features + 5 * used)
        # The penalty is chosen first; of the rows that it is chosen by features stay.
        own = 4 * chosen * n_features
        return own + max(own + 40 * chosen**2, 8 * used**2 + blocks)


@dataclass(frozen=True)
class Need:
    """What the fit of a member takes.

    Parameters
    ----------
    in_blocks : bool
        Whether features of all series are too many to be held at once.
    held : int
        Bytes at most, about, beside the series.
    seconds : callable
        Tells, about, how long it takes; tries it on some series.
    """

    in_blocks: bool
    held: int
    seconds: Callable[[], float]
