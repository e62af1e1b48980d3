"""Arrays of series, with labels beside them: .npy and .npz files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import DROPPED, Account
from msssm_ts.datasets.arrays.axes import Axes, find_axes
from msssm_ts.datasets.arrays.names import (
    CHANNEL_NAMES,
    GROUPS,
    IDS,
    LABELS,
    RATE,
    RECORD,
    SERIES,
    Names,
    rate_of,
    texts_of,
)
from msssm_ts.datasets.arrays.numpy_files import load_npz
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.labels import first_missing, tidy_labels
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import part_of
from msssm_ts.datasets.values import check_values, without_padding
from msssm_ts.errors import InputError, OptionError
from msssm_ts.series import Series
from msssm_ts.text import counted, meant

# Endings of arrays' names that are too short to be anything elsewhere.
_SHORT = {"te": "test"}


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
    return series_of_arrays(load_npz(file), str(file), options)


def series_of_arrays(
    arrays: Mapping[str, Any], source: str, options: ReadOptions, *, record: bool = False
) -> LabelledSeries:
    """Return the series of named arrays: those of a .npz, a MATLAB or an HDF5 file.

    Parameters
    ----------
    arrays : mapping from str to array
        What the file holds; case does not matter in names.
    source : str
        For messages.
    options : ReadOptions
        ``label``, ``id``, ``group``, ``fold`` and ``time`` name arrays, ``drop`` arrays or
        channels, ``axes`` says what the axes are.
    record : bool
        Whether an array ``val`` can be a single recording of several channels.

    Raises
    ------
    InputError
        If there are no series, or the arrays do not fit together.
    """
    arrays, account = of_part(arrays, options)
    gone = options.dropped(arrays)
    arrays = {k: v for k, v in arrays.items() if k not in set(gone)}
    account = account.without(len(gone), "arrays", DROPPED, gone)
    names = Names(arrays, source)
    X, X_name = names.find(RECORD if record and "val" in arrays else SERIES)
    if X is None:
        raise InputError(
            f"{source}: no array X; it holds {enumerate_names(list(arrays))}, rename the series' "
            "to X"
        )
    y, y_name = names.find(LABELS, options.label, "label")
    channels = texts_of(names.find(CHANNEL_NAMES)[0])
    label_names = texts_of(names.find(("label_names",))[0])
    stamps, time_name = names.find(("times",), options.time, "time")
    X = _checked(X, source)
    axes = find_axes(
        X.shape,
        options.axes or _axes_of(names.find(("axes",))[0]),
        source,
        n_channels=None if channels is None else len(channels),
        n_steps=np.shape(stamps)[-1] if np.ndim(stamps) == 2 else None,
        labelled=y is not None,
        record=X_name in RECORD,
    )
    if options.axes is None:
        _refuse_transposed(X, y, axes, source)
    cube = axes.cube(X)
    series = _series(cube, names.find(("lengths",))[0], source)
    n = len(series)
    account = account.took("layout", f"array {X_name}: {', '.join(axes.names)}")
    if channels is not None and len(channels) != len(series[0]):
        raise InputError(
            f"{source}: {len(channels)} channel_names, but X has "
            f"{counted(len(series[0]), 'channel')}, as its axes are {', '.join(axes.names)}; mend "
            "one of them, or say it with --axes"
        )
    units = _units(texts_of(names.find(("units", "unit"))[0]), len(series[0]), source)
    before = channels
    series, channels, gone = _without_channels(series, channels, options, set(gone), source)
    if units is not None and before is not None and channels is not None:
        units = tuple(u for u, c in zip(units, before, strict=True) if c in channels)
    account = account.without(len(gone), "channels", DROPPED, gone)
    labels = None if y is None else _labels(np.asarray(y), n, source)
    if label_names is not None and (
        labels is None or labels.ndim == 1 or labels.shape[1] != len(label_names)
    ):
        raise InputError(
            f"{source}: {len(label_names)} label_names need a y of shape ({n}, "
            f"{len(label_names)}); mend one of them"
        )
    validation, _ = names.per_series(("validation",), n)
    ids, id_name = names.per_series(IDS, n, options.id, "id")
    if ids is not None and len(np.unique(ids)) < n:
        raise InputError(f"{source}: an id stands twice in {id_name}; give each series its own")
    groups, group_array = names.per_series(GROUPS, n, options.group, "group")
    folds, fold_name = names.per_series(("folds", "fold"), n, options.fold, "fold")
    group_name = texts_of(names.find(("group_name",))[0])
    rate, rate_name = names.find(RATE)
    for role, name in (
        ("label", y_name),
        ("id", id_name),
        ("group", group_array),
        ("fold", fold_name),
        ("time", time_name),
        ("sampling rate", rate_name),
    ):
        account = account.took(role, f"array {name}") if name else account
    account = account.took("channels", "channel_names" if channels else "by number")
    rest = names.unused()
    account = account.without(len(rest), "arrays", names=rest)
    return LabelledSeries(
        series,
        labels,
        label_names=label_names,
        channel_names=channels,
        sampling_rate=rate_of(rate, source),
        groups=groups,
        group_name=options.group or (group_name[0] if group_name else "group"),
        ids=ids,
        folds=folds,
        validation=None if validation is None else validation.astype(bool),
        units=units,
        times=_times(stamps, series, cube.shape[2], time_name, source),
        source=source,
        account=account.remarking(axes.remark),
    )


def _units(found: tuple[str, ...] | None, n_channels: int, source: str) -> tuple[str, ...] | None:
    """Return a unit for each channel: one for all stands for each."""
    if found is None or len(found) == n_channels:
        return found
    if len(found) == 1:
        return found * n_channels
    raise InputError(
        f"{source}: {counted(len(found), 'unit')}, but X has {counted(n_channels, 'channel')}; "
        "give one for each, or one for all"
    )


def of_part(arrays: Mapping[str, Any], options: ReadOptions) -> tuple[Mapping[str, Any], Account]:
    """Arrays of the part that is asked for, where those of several stand under their names.

    Those of validation (``X_val``) follow the training part's, with a mask that says so.
    """
    parts: dict[str, dict[str, Any]] = {}
    rest: dict[str, Any] = {}
    for key, array in arrays.items():
        base, part = _part_in(key)
        if part is not None:
            parts.setdefault(part, {})[base] = array
        else:
            rest[key] = array
    series = {n.casefold() for n in SERIES}
    parts = {p: found for p, found in parts.items() if series & {*map(str.casefold, found)}}
    if options.split not in parts:
        return arrays, Account()
    found = parts.pop(options.split)
    account = Account().took("part", "the names of the arrays")
    aside = parts.get("validation") if options.split == "train" else None
    if aside is not None:
        joined = _joined(found, aside)
        if joined is None:
            account = account.without(
                len(aside), "arrays", "of validation, in another shape than those of training",
                [f"{name}" for name in aside],
            )  # fmt: skip
        else:
            found = joined
    return {**rest, **found}, account


def _part_in(key: str) -> tuple[str, str | None]:
    """Return an array's name and part: of X_train, train_X."""
    (head, _, tail), (first, _, rest) = key.rpartition("_"), key.partition("_")
    for base, word in ((head, tail), (rest, first)):
        part = part_of(word) or _SHORT.get(word.casefold())
        if base and part is not None:
            return base, part
    return key, None


def _joined(found: Mapping[str, Any], aside: Mapping[str, Any]) -> dict[str, Any] | None:
    """Put arrays of training and validation together; None where their shapes differ."""
    joined: dict[str, Any] = {}
    for name, array in found.items():
        first, second = np.asarray(array), np.asarray(aside.get(name))
        if first.ndim == 0 or first.shape[1:] != second.shape[1:] or second.ndim == 0:
            return None
        joined[name] = np.concatenate([first, second])
        mask = np.arange(len(joined[name])) >= len(first)
    return joined | {"validation": mask}


def _checked(found: Any, source: str) -> NDArray[Any]:
    X: NDArray[Any] = np.asarray(found)
    if X.ndim not in (2, 3) or 0 in X.shape or X.dtype.kind not in "iufb":
        raise InputError(
            f"{source}: X must be numbers of shape (series, steps) or (series, channels, steps), "
            f"not {X.dtype} {X.shape}; save it so"
        )
    return X


def _without_channels(
    series: list[Series],
    channels: tuple[str, ...] | None,
    options: ReadOptions,
    done: set[str],
    source: str,
) -> tuple[list[Series], tuple[str, ...] | None, tuple[str, ...]]:
    """Leave out the channels that the user names; refuse names of nothing."""
    gone = options.dropped(channels or ())
    for name in options.drop:
        named = ReadOptions(drop=(name,))
        if not named.dropped([*done, *(channels or ())]):
            raise OptionError(
                f"{source}: no array or channel {name!r} (--drop); its channels are "
                f"{enumerate_names(channels or ['without names'])}{meant(name, channels or ())}",
                "drop",
                name,
            )
    if not gone or channels is None:
        return series, channels, ()
    keep = [i for i, c in enumerate(channels) if c not in gone]
    if not keep:
        raise InputError(f"{source}: no channel is left (--drop); keep one")
    return [s[keep] for s in series], tuple(channels[i] for i in keep), gone


def _axes_of(found: Any) -> str | None:
    """Return the axes that an array of the file names, as this package writes them."""
    texts = None if found is None else texts_of(found)
    return None if texts is None else ",".join(texts)


def _refuse_transposed(X: NDArray[Any], y: Any, axes: Axes, source: str) -> None:
    n = np.size(y) if y is not None and np.ndim(y) < 2 else len(X)
    if n not in (1, len(X)) and n in X.shape and axes.names[0] == "series":
        raise InputError(
            f"{source}: y has {counted(n, 'label')}, but X is of shape {X.shape}; transpose it, "
            "the series come first, or say what the axes are with --axes"
        )


def _series(cube: NDArray[Any], lengths: Any, source: str) -> list[Series]:
    def error(i: int, text: str) -> InputError:
        return InputError(f"{source}, series {i + 1}: {text}")

    if cube.dtype not in (np.float32, np.float64):
        cube = cube.astype(np.float64)
    if lengths is None:
        return without_padding(cube, error)
    lengths = np.asarray(lengths)
    longest = cube.shape[2]
    if lengths.shape != cube.shape[:1] or lengths.dtype.kind not in "iu":
        raise InputError(
            f"{source}: lengths must be {len(cube)} whole numbers, not {lengths.dtype} "
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


def _times(
    stamps: Any, series: list[Series], n_steps: int, name: str, source: str
) -> list[NDArray[np.float64]] | None:
    """Return times of the steps: the same for all series, or a row of each."""
    if stamps is None:
        return None
    stamps = np.asarray(stamps)
    if stamps.shape == (n_steps,):
        stamps = np.broadcast_to(stamps, (len(series), n_steps))
    if stamps.shape != (len(series), n_steps) or stamps.dtype.kind not in "fiu":
        raise InputError(
            f"{source}: {name} must be numbers of shape ({len(series)}, {n_steps}), not "
            f"{stamps.dtype} {stamps.shape}; mend it or remove it"
        )
    return [t[: s.shape[1]] for t, s in zip(stamps.astype(np.float64), series, strict=True)]


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
