"""Recordings as .npy files, one series a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from msssm_ts.datasets.arrays.axes import parse_axes
from msssm_ts.datasets.arrays.names import GROUPS, IDS, LABELS
from msssm_ts.datasets.arrays.numpy_files import load_npy, npy_header
from msssm_ts.datasets.arrays.stored import is_series
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import part_in
from msssm_ts.datasets.signals.reader import read_recordings
from msssm_ts.datasets.signals.stored import Stored, stored_format
from msssm_ts.datasets.tree import files_below, with_suffix
from msssm_ts.errors import InputError

_SUFFIXES = (".npy",)
# As many channels may a recording have, and as many more steps, where nothing else tells them.
_MOST_CHANNELS, _TIMES_MORE = 64, 2
_OF_A_SET = {*LABELS, *GROUPS, *IDS}
_CHANNELS_FIRST, _STEPS_FIRST = ("channels", "steps"), ("steps", "channels")


def are_npy_records(files: Sequence[Path]) -> bool:
    """Whether .npy files in a folder are recordings, rather than arrays of a data set.

    There are several in one folder, none is called as a part of a set or as its labels are, and
    all have one or two axes.
    """
    folders = Counter(f.parent for f in files)
    if max(folders.values(), default=0) < 2 or any(map(_is_of_a_set, files)):
        return False
    try:
        return all(len(_shape(f)) <= 2 for f in files)
    except InputError:
        # Those that are broken are named when they are read.
        return True


def _is_of_a_set(file: Path) -> bool:
    stem = file.stem.casefold()
    words = {stem, *stem.split("_")}
    return is_series(file.stem) or part_in(file.stem) is not None or not words.isdisjoint(_OF_A_SET)


def _shape(file: Path) -> tuple[int, ...]:
    return tuple(n for n in npy_header(file)[0] if n != 1)


def read_npy_records(source: Path, options: ReadOptions) -> LabelledSeries:
    """Read a folder of .npy files, each one series of one channel or several.

    Which axis is time is what all shapes together tell: the one that differs from file to file, or
    is much the longer.

    Raises
    ------
    InputError
        If they do not tell it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for i, label in enumerate("abab"):
    ...     (folder / label).mkdir(exist_ok=True)
    ...     np.save(folder / label / f"{i}.npy", np.arange(150 + 3 * i).reshape(3, -1))
    >>> read_npy_records(folder, ReadOptions()).summary().partition(";")[0]
    '4 series, 3 channels × 50–53 steps, 2 classes: a b'
    """
    axes, remark = _axes(with_suffix(files_below(source), _SUFFIXES), options.axes, str(source))
    form = stored_format(_SUFFIXES, partial(_decode, steps_first=axes == _STEPS_FIRST))
    data = read_recordings(source, replace(options, axes=None), form)
    return replace(data, account=data.account.remarking(remark))


def _axes(files: Sequence[Path], chosen: str | None, source: str) -> tuple[tuple[str, ...], str]:
    """Return what two axes are, and how that was told."""
    shapes = {}
    for file in files:
        try:
            shape = _shape(file)
        except InputError:
            continue
        if len(shape) == 2:
            shapes[file] = shape
    if chosen is not None:
        return parse_axes(chosen, 2 if shapes else 1, source), ""
    if not shapes:
        return _CHANNELS_FIRST, ""
    fitting = [a for a in (_CHANNELS_FIRST, _STEPS_FIRST) if _fits(a, list(shapes.values()))]
    if len(fitting) != 1:
        file, shape = next(iter(shapes.items()))
        raise InputError(
            f"{source}: which axis of {file.name} ({shape[0]} × {shape[1]}) is time cannot be "
            "told; say it with --axes channels,steps or --axes steps,channels"
        )
    return fitting[0], f"took the axes for {', '.join(fitting[0])}; --axes says otherwise"


def _fits(axes: tuple[str, ...], shapes: Sequence[tuple[int, ...]]) -> bool:
    place = axes.index("channels")
    channels = {s[place] for s in shapes}
    steps = min(s[1 - place] for s in shapes)
    most = max(channels)
    return len(channels) == 1 and most <= _MOST_CHANNELS and steps >= _TIMES_MORE * most


def _decode(file: Path, steps_first: bool) -> Stored:
    array = load_npy(file)
    values = np.squeeze(array)
    if values.ndim > 2 or values.dtype.kind not in "iufb" or not values.size:
        raise InputError(
            f"{file}: an array of {array.dtype} {array.shape} is no series; save numbers of shape "
            "(steps,) or (channels, steps)"
        )
    matrix = np.atleast_2d(values)
    if values.ndim == 2 and steps_first:
        matrix = matrix.T
    n = len(matrix)
    return Stored(np.ascontiguousarray(matrix, np.float32), ("",) * n, ("",) * n, 0.0)
