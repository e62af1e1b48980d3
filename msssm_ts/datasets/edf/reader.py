"""EDF and EDF+ recordings: whole files, with a table of labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.recordings.described import Recordings, describe
from msssm_ts.datasets.tree import describe_files, files_below, with_suffix
from msssm_ts.errors import InputError
from msssm_ts.series import LazySeries

SUFFIXES = (".edf", ".bdf")


class EdfSignals(NamedTuple):
    """Some signals of an EDF file, by their places in it."""

    path: str
    signals: tuple[int, ...]


class _Header(NamedTuple):
    file: Path
    sampling_rate: float
    n_samples: int
    places: dict[str, int]
    units: frozenset[str]


def read_edf_signals(item: EdfSignals) -> NDArray[np.float32]:
    """Decode signals of an EDF file to (n_channels, length), in physical units.

    Raises
    ------
    InputError
        If the file has gone or breaks off.
    """
    recording = _open(Path(item.path))
    try:
        return np.stack([recording.signals[i].data.astype(np.float32) for i in item.signals])
    # edfio and numpy raise what they happen to run into in a damaged file.
    except Exception as error:
        raise InputError(f"{item.path}: cannot be decoded ({error}); replace the file") from error


def read_edf(source: Path, options: ReadOptions) -> LabelledSeries:
    """Read EDF files, each a series; signals are decoded when they are asked for.

    Labels come from a table in the folder with columns ``file`` and ``label``. Channels are those
    that all files have, by name. Annotations inside the files are not looked at.

    Parameters
    ----------
    source : Path
        A folder or an .edf file.
    options : ReadOptions
        ``drop`` for channels; ``split`` where the table has a column with train and test.

    Raises
    ------
    InputError
        If a file cannot be read, or channels or sampling rates do not fit together.

    Examples
    --------
    >>> import edfio, tempfile
    >>> file = Path(tempfile.mkdtemp(), "night.edf")
    >>> signal = edfio.EdfSignal(np.arange(500.0), sampling_frequency=100, label="EEG Cz")
    >>> edfio.Edf([signal]).write(file)
    >>> read_edf(file, ReadOptions()).summary()
    '1 series, 1 channel × 500 steps at 100 Hz, no labels'
    """
    if source.is_file():
        folder, recordings = source.parent, Recordings([source], [source])
    else:
        folder, below = source, files_below(source)
        files = with_suffix(below, SUFFIXES)
        if not files:
            raise InputError(f"{source}: no .edf file; found are {describe_files(below)}")
        recordings = describe(folder, files, below, options)
    headers = [_read_header(f, options.drop) for f in recordings.files]
    channels = _common_channels(headers)
    items = [EdfSignals(str(h.file), tuple(h.places[c] for c in channels)) for h in headers]
    units = frozenset.union(*(h.units for h in headers))
    return LabelledSeries(
        LazySeries(items, read_edf_signals, [h.n_samples for h in headers]),
        channel_names=tuple(channels),
        sampling_rate=headers[0].sampling_rate,
        ids=np.array([f.relative_to(folder).as_posix() for f in recordings.files]),
        units=(next(iter(units)),) * len(channels) if len(units) == 1 else None,
        source=str(source),
        **recordings.fields(),
    )


def _open(file: Path) -> Any:
    import edfio

    try:
        return edfio.read_edf(file)
    # edfio raises what its parser happens to run into.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{file}: not a readable EDF file ({reason}); replace the file") from error


def _read_header(file: Path, drop: Sequence[str]) -> _Header:
    recording = _open(file)
    signals = [(i, s) for i, s in enumerate(recording.signals) if s.label not in drop]
    if not signals:
        raise InputError(f"{file}: there are no signals in it, only annotations; remove the file")
    first = signals[0][1]
    for _, signal in signals:
        if signal.sampling_frequency != first.sampling_frequency:
            raise InputError(
                f"{file}: channel {signal.label!r} has {signal.sampling_frequency:g} Hz, but "
                f"{first.label!r} has {first.sampling_frequency:g} Hz; leave one out with --drop"
            )
    length = first.samples_per_data_record * recording.num_data_records
    if length < 1:
        raise InputError(f"{file}: the file is empty (0 samples); remove it")
    places = {s.label: i for i, s in reversed(signals)}
    units = frozenset(s.physical_dimension for _, s in signals)
    places = dict(reversed(places.items()))
    return _Header(file, float(first.sampling_frequency), length, places, units)


def _common_channels(headers: Sequence[_Header]) -> list[str]:
    first = headers[0]
    for header in headers:
        if header.sampling_rate != first.sampling_rate:
            raise InputError(
                f"{header.file}: {header.sampling_rate:g} Hz, but {first.file} has "
                f"{first.sampling_rate:g} Hz; read files of one sampling rate at a time"
            )
    everywhere = set.intersection(*(set(h.places) for h in headers))
    if not everywhere:
        other = min(headers, key=lambda h: len(set(h.places) & set(first.places)))
        raise InputError(
            f"{other.file}: its channels {enumerate_names(list(other.places))} and those of "
            f"{first.file}, {enumerate_names(list(first.places))}, have none in common; read "
            "files of the same channels"
        )
    return [name for name in first.places if name in everywhere]
