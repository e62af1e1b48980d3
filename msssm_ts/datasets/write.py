"""Labelled series, written to one file that can be read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.atomic import replacing
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def write(data: LabelledSeries, file: Path) -> None:
    """Write series to .npz, .parquet or .csv; :func:`msssm_ts.datasets.load` reads them back.

    A .npz file holds ``X`` (n_series, n_channels, length), ``y`` and, where there are any,
    ``ids``, ``groups``, ``group_name``, ``folds``, ``validation``, ``channel_names``, ``units``,
    ``label_names``, ``sampling_rate`` and, for series of different lengths, ``lengths``, with NaN
    behind the shorter ones. The other two are long tables, one value a row, with its unit and the
    time in seconds where units and rate are known.

    Parameters
    ----------
    data : LabelledSeries
        The series; all of them are decoded.
    file : Path
        Its suffix says the format. It appears when it is complete.

    Raises
    ------
    InputError
        If the suffix is another, the folder is missing, or the format cannot hold the data.

    Examples
    --------
    >>> import tempfile
    >>> from msssm_ts.datasets import load
    >>> data = LabelledSeries([np.zeros((1, 5)), np.ones((1, 5))], np.array(["a", "b"]))
    >>> file = Path(tempfile.mkdtemp(), "x.npz")
    >>> write(data, file)
    >>> load(file).summary()
    '2 series, 1 channel × 5 steps, 2 classes: a b'
    """
    writers: dict[str, Callable[[LabelledSeries, Path], None]] = {
        ".npz": _write_npz,
        ".parquet": _write_parquet,
        ".csv": _write_csv,
    }
    writer = writers.get(file.suffix.lower())
    if writer is None:
        raise InputError(
            f"{file}: cannot write {file.suffix or 'a file without suffix'}; give a name that ends "
            f"in {', '.join(writers)}"
        )
    if not file.absolute().parent.is_dir():
        raise InputError(f"{file}: its folder does not exist; make it first")
    with replacing(file) as temporary:
        writer(data, temporary)


def _write_npz(data: LabelledSeries, file: Path) -> None:
    lengths = data.lengths
    first = np.asarray(data.values[0])
    X = np.full((data.n_series, data.n_channels, int(lengths.max())), np.nan, dtype=first.dtype)
    for i in range(data.n_series):
        X[i, :, : lengths[i]] = data.values[i]
    optional = {
        # More channels than steps would look like the other layout.
        "axes": ("series", "channels", "steps"),
        "y": data.labels,
        "ids": data.ids,
        "groups": data.groups,
        "folds": data.folds,
        "validation": data.validation,
        "channel_names": data.channel_names,
        "units": data.units,
        "label_names": data.label_names,
        "sampling_rate": data.sampling_rate,
        "group_name": data.group_name if data.groups is not None else None,
        "lengths": lengths if len(np.unique(lengths)) > 1 else None,
    }
    if data.times is not None:
        stamps = np.full((data.n_series, int(lengths.max())), np.nan)
        for row, t in zip(stamps, data.times, strict=True):
            row[: len(t)] = t
        optional["times"] = stamps
    arrays = {k: _plain(np.asarray(v)) for k, v in optional.items() if v is not None}
    with file.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, X=X, **arrays)


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Text as text rather than objects, which would be pickled."""
    return values.astype(str) if values.dtype.kind == "O" else values


def _write_csv(data: LabelledSeries, file: Path) -> None:
    for i in range(data.n_series):
        _rows(data, i).to_csv(file, mode="a" if i else "w", header=i == 0, index=False)


def _write_parquet(data: LabelledSeries, file: Path) -> None:
    import pandas as pd

    table = pd.concat([_rows(data, i) for i in range(data.n_series)], ignore_index=True)
    table.to_parquet(file, index=False)


def _rows(data: LabelledSeries, i: int) -> pd.DataFrame:
    """Long table of a series."""
    import pandas as pd

    if data.multilabel:
        raise InputError(
            f"{data.source}: a table has one label a series, but here are several; write a .npz "
            "file"
        )
    values = np.asarray(data.values[i], dtype=np.float64)
    n_channels, length = values.shape
    columns: dict[str, Any] = {"id": i if data.ids is None else data.ids[i]}
    # In seconds times tell the rate again.
    steps = np.arange(length)
    seconds = steps if data.sampling_rate is None else steps / data.sampling_rate
    times = seconds if data.times is None else data.times[i]
    columns["time"] = np.tile(times, n_channels)
    if n_channels > 1 or data.channel_names is not None:
        # Numbers of equal width, for channels come back in the order of their names.
        width = len(str(n_channels - 1))
        names = data.channel_names or [f"{c:0{width}}" for c in range(n_channels)]
        columns["channel"] = np.repeat(np.array(names), length)
    columns["value"] = values.ravel()
    if data.units is not None:
        columns["unit"] = np.repeat(np.array(data.units), length)
    for name, array in (
        ("label", data.labels),
        (data.group_name, data.groups),
        ("fold", data.folds),
        *(() if data.features is None else data.features.items()),
    ):
        if array is not None and name not in columns:
            columns[name] = array[i]
    return pd.DataFrame(columns)
