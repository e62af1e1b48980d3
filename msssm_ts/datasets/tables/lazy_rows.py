"""Series of tables larger than memory: a block of rows is decoded, and kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol

from msssm_ts.datasets.memory import allowed_bytes, demand
from msssm_ts.series import Series

# A column that says where a row stands, under a name that no column has.
ROW = "\0row"
# Bytes of the place of a series that is read when it is asked for.
_PLACE = 200
# Of what may be taken, in blocks that are kept.
_SHARE = 4


class Blocks(Protocol):
    """What reads the series of a block of rows; pickles for worker processes."""

    def read(self, file: int, block: int) -> list[Series]:
        """Return the series of a block of a file."""


@dataclass
class ReadRow:
    """Reads a series of a block; pickles for worker processes, without what it holds.

    Parameters
    ----------
    blocks : Blocks
        Reads them.
    most : int
        Bytes of blocks that it keeps.
    held : dict from (file, block) to list of series
        These, the last one that was used last.
    """

    blocks: Blocks
    most: int = field(default_factory=lambda: allowed_bytes() // _SHARE)
    held: OrderedDict[tuple[int, int], list[Series]] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._size, self._lock = 0, Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.blocks, self.most)

    def __call__(self, item: tuple[int, int, int, int]) -> Series:
        """Read one from file, block, its place there, and its length."""
        file, block, place, _ = item
        return self.block(file, block)[place]

    def block(self, file: int, block: int) -> list[Series]:
        """Return the series of a block."""
        with self._lock:
            found = self.held.get((file, block))
            if found is not None:
                # The last to be thrown away.
                self.held.move_to_end((file, block))
                return found
        found = self.blocks.read(file, block)
        with self._lock:
            if (file, block) not in self.held:
                self.held[file, block] = found
                self._size += _bytes_of(found)
            while len(self.held) > 1 and self._size > self.most:
                self._size -= _bytes_of(self.held.popitem(last=False)[1])
        return found


def demand_places(n_series: int, source: str) -> None:
    """Refuse so many series that their places alone take more memory than may be.

    Raises
    ------
    InputError
        If they do.
    """
    demand(_PLACE * n_series, source, f"the places of its {n_series} series")


def _bytes_of(series: list[Series]) -> int:
    return sum(s.nbytes for s in series)
