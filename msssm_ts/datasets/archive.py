"""Archive files (.ts, .npz) and the data sets that come with sktime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.columns import enumerate_names
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import Split
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

# Name, and sktime's function that loads the copy in its wheel.
CARRIED = {
    "ACSF1": "load_acsf1",
    "ArrowHead": "load_arrow_head",
    "BasicMotions": "load_basic_motions",
    "GunPoint": "load_gunpoint",
    "ItalyPowerDemand": "load_italy_power_demand",
    "JapaneseVowels": "load_japanese_vowels",
    "OSULeaf": "load_osuleaf",
    "PLAID": "load_plaid",
}

_SERIES_KEYS = ("X", "x", "series", "data", "values")
_LABEL_KEYS = ("y", "Y", "labels", "label", "targets", "target")


def read_carried(name: str, split: Split) -> LabelledSeries:
    """Return a split of a data set that sktime's wheel carries; needs no network.

    Examples
    --------
    >>> read_carried("ItalyPowerDemand", "train").summary()
    '67 series, 1 channel × 24 steps, 2 classes: 1 2'
    """
    import sktime.datasets

    X, y = getattr(sktime.datasets, CARRIED[name])(split=split, return_X_y=True)
    return _from_nested(X, y, f"{name}:{split}")


def read_ts(file: Path) -> LabelledSeries:
    """Read a .ts file (sktime, UEA archive) with sktime's loader.

    Raises
    ------
    InputError
        If sktime cannot read it, or a value is missing.
    """
    from sktime.datasets import load_from_tsfile

    try:
        loaded = load_from_tsfile(str(file), return_data_type="nested_univ")
    # sktime raises what its parser happens to run into.
    except Exception as error:
        raise InputError(f"{file}: not a readable .ts file ({error})") from error
    X, y = loaded if isinstance(loaded, tuple) else (loaded, None)
    if not len(X):
        raise InputError(f"{file}: it holds no series")
    return _from_nested(X, y, str(file))


def read_npz(file: Path) -> LabelledSeries:
    """Read a .npz file with X (n, t) or (n, channels, t) and y (n,).

    Raises
    ------
    InputError
        If arrays are missing, of the wrong shape, or pickled.
    """
    try:
        with np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    # numpy and zipfile raise several kinds for damaged and for pickled files.
    except Exception as error:
        raise InputError(f"{file}: not a readable .npz file of plain arrays ({error})") from error
    X = next((arrays[k] for k in _SERIES_KEYS if k in arrays), None)
    y = next((arrays[k] for k in _LABEL_KEYS if k in arrays), None)
    if X is None:
        raise InputError(
            f"{file}: no array X; it holds {enumerate_names(list(arrays))}, rename the series' to X"
        )
    if X.ndim not in (2, 3) or 0 in X.shape or X.dtype.kind not in "iufb":
        raise InputError(
            f"{file}: X must be numbers of shape (series, steps) or (series, channels, steps), "
            f"not {X.dtype} {X.shape}"
        )
    if y is not None and y.shape != X.shape[:1]:
        raise InputError(f"{file}: {X.shape[0]} series in X, but y has shape {y.shape}")
    cube = (X[:, None] if X.ndim == 2 else X).astype(np.float64)
    _refuse_missing(cube, str(file))
    return LabelledSeries(list(cube), None if y is None else _tidy(y), source=str(file))


def _from_nested(X: pd.DataFrame, y: Any, source: str) -> LabelledSeries:
    """From sktime's frame whose cells are series."""
    columns = [X[c] for c in X.columns]
    values = []
    for i in range(len(X)):
        cells = [np.asarray(c.iloc[i], dtype=np.float64) for c in columns]
        lengths = {len(c) for c in cells}
        if len(lengths) > 1 or 0 in lengths:
            raise InputError(
                f"{source}: the channels of series {i + 1} have lengths "
                f"{sorted(lengths)}; they must be equal, and not zero"
            )
        series = np.stack(cells)
        _refuse_missing(series, f"{source}, series {i + 1}")
        values.append(series)
    return LabelledSeries(values, None if y is None else _tidy(np.asarray(y)), source=source)


def _refuse_missing(values: NDArray[np.float64], place: str) -> None:
    if np.isfinite(values).all():
        return
    first = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
    raise InputError(
        f"{place}: {int((~np.isfinite(values)).sum())} values are missing or infinite, the first "
        f"at index {first}; fill the gaps, for example by interpolation"
    )


def _tidy(labels: NDArray[Any]) -> NDArray[Any]:
    """Labels as integers where all of them are written so, else as strings."""
    if labels.dtype.kind in "iub":
        return labels
    text = [str(v) for v in labels]
    try:
        return np.array([int(t) for t in text])
    except ValueError:
        return np.array(text)
