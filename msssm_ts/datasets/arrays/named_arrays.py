"""Arrays of series, with labels beside them: .npy and .npz files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.labels import first_missing, tidy_labels, tidy_names
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.values import check_values, without_padding
from msssm_ts.errors import InputError
from msssm_ts.series import Series

_SERIES = ("X", "x", "series", "data", "values", "signals", "samples", "inputs")
_LABELS = ("y", "Y", "labels", "label", "targets", "target", "classes")
_RATE = ("sampling_rate", "fs", "Fs", "freq", "frequency", "sample_rate", "rate")
_GROUPS = ("groups", "group", "records", "patients", "subjects", "speakers")


def read_npz(file: Path, options: ReadOptions) -> LabelledSeries:
    """Read a .npz file: X (n, steps) or (n, channels, steps), y, and what else it says.

    That is ``lengths``, ``sampling_rate`` or ``fs``, ``channel_names``, ``label_names``,
    ``groups``, ``folds``, ``ids``, ``validation`` and ``times`` (n, steps). Without ``lengths``
    NaN behind a series' last value is padding. Of X_train, y_train, X_test and y_test the part is
    read that ``options.split`` names.

    Raises
    ------
    InputError
        If arrays are missing, of the wrong shape, or pickled.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.npz")
    >>> np.savez(file, X=np.ones((2, 3, 5)), y=["a", "b"], fs=100)
    >>> read_npz(file, ReadOptions()).summary()
    '2 series, 3 channels × 5 steps at 100 Hz, 2 classes: a b'
    """
    try:
        with np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    # numpy and zipfile raise several kinds for damaged and for pickled files.
    except Exception as error:
        raise _unreadable(file, ".npz file of plain arrays", error) from error
    return series_of_arrays(arrays, str(file), options)


def read_npy(file: Path, options: ReadOptions) -> LabelledSeries:
    """Read a .npy file: (n, steps) or (n, channels, steps), with labels in a file beside it.

    The labels of ``beats.npy`` are in ``beats_y.npy``, ``beats_labels.npy`` or ``y_beats.npy``,
    those of ``X_train.npy`` in ``y_train.npy``.

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
    arrays = {"X": _read_npy(file)}
    names = [f"{file.stem}_y", f"{file.stem}_labels", f"y_{file.stem}"]
    if file.stem[:1] in "Xx":
        names.append(f"y{file.stem[1:]}")
    for name in names:
        beside = file.with_name(f"{name}.npy")
        if beside.exists():
            arrays["y"] = _read_npy(beside)
            break
    return series_of_arrays(arrays, str(file), options)


def series_of_arrays(
    arrays: Mapping[str, Any], source: str, options: ReadOptions
) -> LabelledSeries:
    """Return the series of named arrays: those of a .npz or a MATLAB file.

    Raises
    ------
    InputError
        If there are no series, or the arrays do not fit together.
    """
    arrays = _of_part(arrays, options)
    label = None if options.label is None else (options.label,)
    X, y = _first(arrays, _SERIES), _first(arrays, label or _LABELS)
    if label and y is None:
        raise InputError(
            f"{source}: no array {options.label!r} (--label); it holds "
            f"{enumerate_names(list(arrays))}"
        )
    if X is None:
        raise InputError(
            f"{source}: no array X; it holds {enumerate_names(list(arrays))}, rename the series' "
            "to X"
        )
    series = _series(X, arrays.get("lengths"), y, source)
    n = len(series)
    channels, names = _texts(arrays, "channel_names"), _texts(arrays, "label_names")
    if channels is not None and len(channels) != len(series[0]):
        raise InputError(
            f"{source}: {len(channels)} channel_names, but X has {len(series[0])} channels, as its "
            "shape is (series, channels, steps); mend one of them"
        )
    validation = _per_series(arrays, ("validation",), n, source)
    times = None
    stamps = np.asarray(arrays.get("times", ()))
    if stamps.shape == (n, np.shape(X)[-1]) and stamps.dtype.kind in "fiu":
        times = [t[: s.shape[1]] for t, s in zip(stamps.astype(np.float64), series, strict=True)]
    labels = None if y is None else _labels(np.asarray(y), n, source)
    if names is not None and (labels is None or labels.ndim == 1 or labels.shape[1] != len(names)):
        raise InputError(
            f"{source}: {len(names)} label_names need a y of shape ({n}, {len(names)}); mend one "
            "of them"
        )
    ids = _per_series(arrays, ("ids", options.id or "id"), n, source)
    if ids is not None and len(np.unique(ids)) < n:
        raise InputError(f"{source}: an id stands twice in ids; give each series its own")
    group_name = _texts(arrays, "group_name")
    return LabelledSeries(
        series,
        labels,
        label_names=names,
        channel_names=channels,
        sampling_rate=_rate(arrays, source),
        groups=_per_series(arrays, (options.group or "groups", *_GROUPS), n, source),
        group_name=options.group or (group_name[0] if group_name else "group"),
        ids=ids,
        folds=_per_series(arrays, (options.fold or "folds", "folds", "fold"), n, source),
        validation=None if validation is None else validation.astype(bool),
        times=times,
        source=source,
    )


def _read_npy(file: Path) -> NDArray[Any]:
    try:
        array = np.load(file, allow_pickle=False)
    # As above.
    except Exception as error:
        raise _unreadable(file, ".npy file of a plain array", error) from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise InputError(f"{file}: holds several arrays; rename it to .npz")
    return array


def _unreadable(file: Path, what: str, error: Exception) -> InputError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return InputError(
        f"{file}: not a readable {what} ({reason[:120]}); save it anew with numpy, numbers as "
        "numbers and text as text"
    )


def _of_part(arrays: Mapping[str, Any], options: ReadOptions) -> Mapping[str, Any]:
    """Arrays of the part that is asked for, where those of both stand under their names."""
    part = f"_{options.split}"
    found = {k.removesuffix(part): v for k, v in arrays.items() if k.lower().endswith(part)}
    return {**arrays, **found} if _first(found, _SERIES) is not None else arrays


def _first(arrays: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((arrays[n] for n in names if n in arrays), None)


def _series(X: Any, lengths: Any, y: Any, source: str) -> list[Series]:
    def error(i: int, text: str) -> InputError:
        return InputError(f"{source}, series {i + 1}: {text}")

    X = np.asarray(X)
    if X.ndim not in (2, 3) or 0 in X.shape or X.dtype.kind not in "iufb":
        raise InputError(
            f"{source}: X must be numbers of shape (series, steps) or (series, channels, steps), "
            f"not {X.dtype} {X.shape}; save it so"
        )
    n = np.size(y) if y is not None and np.ndim(y) < 2 else len(X)
    if n != len(X) and n in X.shape:
        raise InputError(
            f"{source}: y has {n} labels, but X is of shape {X.shape}; transpose it, the series "
            "come first"
        )
    cube = X[:, None] if X.ndim == 2 else X
    if cube.dtype not in (np.float32, np.float64):
        cube = cube.astype(np.float64)
    if lengths is None:
        return without_padding(cube, error)
    lengths = np.asarray(lengths)
    longest = cube.shape[2]
    if lengths.shape != X.shape[:1] or lengths.dtype.kind not in "iu":
        raise InputError(
            f"{source}: lengths must be {len(X)} whole numbers, not {lengths.dtype} "
            f"{lengths.shape}; mend them"
        )
    wrong = np.flatnonzero((lengths < 1) | (lengths > longest))
    if len(wrong):
        raise error(
            int(wrong[0]), f"its length {lengths[wrong[0]]} is not between 1 and {longest}; mend it"
        )
    series = [s[:, :length] for s, length in zip(cube, lengths, strict=True)]
    check_values(series, error)
    return series


def _labels(y: NDArray[Any], n: int, source: str) -> NDArray[Any]:
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 2 and len(y) == n and y.dtype.kind in "iufb":
        if not np.isin(y, (0, 1)).all():
            raise InputError(
                f"{source}: y of shape {y.shape} must be 0 and 1, a column a label; or give one "
                "label a series"
            )
        return y.astype(np.int64)
    if y.shape != (n,):
        raise InputError(
            f"{source}: {n} series in X, but y has shape {y.shape}; give one label a series"
        )
    missing = first_missing(y.tolist())
    if missing is not None:
        raise InputError(
            f"{source}, series {missing + 1}: it has no label in y; fill it in or remove the series"
        )
    return tidy_labels(y.tolist())


def _per_series(
    arrays: Mapping[str, Any], names: tuple[str, ...], n: int, source: str
) -> NDArray[Any] | None:
    found = _first(arrays, names)
    if found is None:
        return None
    array = np.asarray(found)
    if array.size != n:
        name = next(k for k in names if k in arrays)
        raise InputError(
            f"{source}: {n} series in X, but {name} has shape {array.shape}; give one for each"
        )
    array = array.reshape(n)
    return array if array.dtype.kind == "b" else tidy_names(array.tolist())


def _texts(arrays: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    if name not in arrays:
        return None
    return tuple(str(t).strip() for t in np.atleast_1d(np.asarray(arrays[name])).ravel())


def _rate(arrays: Mapping[str, Any], source: str) -> float | None:
    found = _first(arrays, _RATE)
    if found is None:
        return None
    rate = np.asarray(found)
    if rate.size != 1 or rate.dtype.kind not in "iuf" or not 0 < float(rate.item()) < np.inf:
        raise InputError(
            f"{source}: the sampling rate must be one positive number, not {str(rate)[:40]!r}; "
            "mend it"
        )
    return float(rate.item())
