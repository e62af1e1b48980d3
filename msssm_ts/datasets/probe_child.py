"""Open file after file in a process that may be lost.

Run by :mod:`msssm_ts.datasets.probe` with the library's name, and nothing but that and the
standard library: an empty line out when it is ready, then a path (JSON) in and a line out, what
the library said of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any


def hdf5() -> Callable[[str], None]:
    """Return what reads all that lies in a file's heaps: it does not end on some damaged ones."""
    import h5py

    def touch(item: Any) -> None:
        for value in item.attrs.values():
            del value
        if isinstance(item, h5py.Dataset) and item.shape is not None and item.dtype.kind == "O":
            item[()]

    def look(path: str) -> None:
        with h5py.File(path, "r") as top:
            touch(top)
            top.visititems(lambda _, item: touch(item))

    return look


def parquet() -> Callable[[str], None]:
    """Return what reads a file's footer: pyarrow lets some exceptions end the process there."""
    import pyarrow.parquet

    def look(path: str) -> None:
        with pyarrow.parquet.ParquetFile(path) as file:
            for g in range(file.metadata.num_row_groups):
                group = file.metadata.row_group(g)
                for c in range(group.num_columns):
                    group.column(c)

    return look


def answer(said: str) -> None:
    """Write a line."""
    sys.stdout.write(said + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    look = {"hdf5": hdf5, "parquet": parquet}[sys.argv[1]]()
    answer("")
    for line in sys.stdin:
        said = ""
        try:
            look(json.loads(line))
        # Whatever it is: the reader meets it again, and says it better.
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        answer(json.dumps(said))
