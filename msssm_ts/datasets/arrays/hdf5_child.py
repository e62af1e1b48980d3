"""Read all texts and ragged arrays of HDF5 files, file after file, in a process that may be lost.

Run by :mod:`msssm_ts.datasets.arrays.hdf5_probe`, with nothing but the standard library and h5py:
an empty line out when it is ready, then a path (JSON) in and a line out, what h5py said of it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import h5py


def touch(item: Any) -> None:
    """Read what lies in an item's heaps: the rest of a file is read elsewhere."""
    for value in item.attrs.values():
        del value
    if isinstance(item, h5py.Dataset) and item.shape is not None and item.dtype.kind == "O":
        item[()]


def look(path: str) -> str:
    """Return what is wrong with a file; empty where nothing is."""
    try:
        with h5py.File(path, "r") as top:
            touch(top)
            top.visititems(lambda _, item: touch(item))
    # Whatever it is: the reader meets it again, and says it better.
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def answer(said: str) -> None:
    """Write a line."""
    sys.stdout.write(said + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    answer("")
    for line in sys.stdin:
        answer(json.dumps(look(json.loads(line))))
