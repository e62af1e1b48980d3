"""Arrays in .npy files, mapped into memory where they are large, with labels beside them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.arrays.labels_beside import array_with_table
from msssm_ts.datasets.arrays.names import GROUPS, IDS, LABELS
from msssm_ts.datasets.arrays.numpy_files import load_npy, npy_header
from msssm_ts.datasets.arrays.stored import Stored, is_series, stays_on_disk
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions

# Of what a .npz file may say beside its series.
BESIDE = (
    *("lengths", "sampling_rate", "fs", "channel_names", "label_names", "folds"),
    *("validation", "units", *LABELS, *GROUPS, *IDS),
)


def read_npy(file: Path, options: ReadOptions) -> LabelledSeries:
    """Read a .npy file: (n, steps) or (n, channels, steps), with labels in a file beside it.

    An array of one axis is one series.

    The labels of ``beats.npy`` are in ``beats_y.npy``, ``beats_labels.npy`` or ``y_beats.npy``,
    those of ``X_train.npy`` in ``y_train.npy``; or in a table, ``labels.csv``, with a row a series.
    Beside ``X.npy`` (or ``data.npy`` and the like) other arrays are what they are in a .npz file:
    ``labels.npy``, ``subjects.npy``, ``ids.npy``. A large file is mapped into memory, and read
    series by series.

    Raises
    ------
    InputError
        If an array is damaged, of the wrong shape, or pickled.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "X.npy")
    >>> np.save(file, np.ones((2, 5)))
    >>> np.save(file.with_name("y.npy"), [1, 2])
    >>> read_npy(file, ReadOptions()).summary()
    '2 series, 1 channel × 5 steps, 2 classes: 1 2'
    """
    shape, dtype, n_bytes = npy_header(file)
    array: NDArray[Any] | Stored
    if stays_on_disk(n_bytes) and len(shape) in (2, 3) and 0 not in shape and dtype.kind in "iuf":
        array = Stored(str(file), file.name, shape, dtype, _rows)
    else:
        array = load_npy(file)
    beside = _beside(file)
    if len(shape) == 1 and dtype.kind in "iufb" and file.stem not in BESIDE:
        # One series.
        array, beside = np.asarray(array)[None], {"ids": np.array([file.stem]), **beside}
    axes = _axes_of_one(shape, options)
    if not axes:
        return array_with_table(file, array, options, beside)
    data = array_with_table(file, array, replace(options, axes=axes), beside)
    said = f"took the axes for {axes.replace(',', ', ')} of one series, as the model has channels"
    return replace(data, account=data.account.remarking(said))


def _axes_of_one(shape: tuple[int, ...], options: ReadOptions) -> str:
    """Return the axes of one series of the model that it is for, where one is its channels."""
    n = len(options.wanted)
    if n < 2 or len(shape) != 2 or options.axes is not None or shape.count(n) != 1:
        return ""
    return "channels,steps" if shape[0] == n else "steps,channels"


def _beside(file: Path) -> dict[str, Any]:
    """Return small arrays that say something of the series."""
    names = [f"{file.stem}_y", f"{file.stem}_labels", f"y_{file.stem}"]
    if file.stem[:1] in "Xx":
        names.append(f"y{file.stem[1:]}")
    labels = next((p for n in names if (p := file.with_name(f"{n}.npy")).exists()), None)
    found = {} if labels is None else {"y": load_npy(labels)}
    if is_series(file.stem):
        for name in BESIDE:
            path = file.with_name(f"{name}.npy")
            if path.is_file():
                found[name] = load_npy(path)
    return found


def _rows(file: str, name: str, first: int, last: int) -> NDArray[Any]:
    return np.asarray(_mapped(file)[first:last])


@lru_cache(maxsize=4)
def _mapped(file: str) -> NDArray[Any]:
    mapped: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    return mapped
